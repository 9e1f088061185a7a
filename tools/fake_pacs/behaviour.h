// SPDX-License-Identifier: Apache-2.0
// Behaviour: the faults that the fake PACS simulates, as words on its command line.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace fake {

struct Behaviour {
    bool silent = false;          ///< accepts the connection, never answers A-ASSOCIATE-RQ
    bool deaf = false;            ///< accepts the association, then neither reads nor writes
    bool reject = false;          ///< rejects every association: called AE title not recognised
    bool congested = false;       ///< rejects every association as transient
    bool abort_midway = false;    ///< A-ABORT while the data set of a C-STORE is being sent
    bool abort = false;           ///< A-ABORT after a C-STORE has arrived
    bool drop = false;            ///< closes the connection after a C-STORE has arrived
    bool no_answer = false;       ///< receives a C-STORE and sends no response
    bool no_sr = false;           ///< accepts no context of an SR class
    bool endless_answer = false;  ///< answers a C-STORE with a command set that never ends
    bool drip_answer = false;     ///< the same, two bytes at a time
    bool other_object = false;    ///< says success, of another SOP Instance UID
    bool other_message = false;   ///< says success, to another message
    bool text_and_cr = false;     ///< of reports and pictures, accepts Basic Text SR and CR only
    std::vector<std::string> not_of{};  ///< answers 0122 to objects of these SOP classes
    bool implicit_only = false;
    std::chrono::milliseconds slow{0};  ///< before each answer
    unsigned status = 0;                ///< of each C-STORE-RSP
    unsigned only_first = 0;  ///< number of C-STOREs to misbehave for, then behave; 0: always

    bool no_commitment = false;  ///< accepts no context of Storage Commitment
    bool commit_never = false;   ///< accepts an N-ACTION, sends no report
    unsigned commit_status = 0;  ///< of each N-ACTION-RSP
    unsigned commit_forget = 0;  ///< for so many N-ACTIONs, loses the instances first
    unsigned commit_ignore = 0;  ///< sends no report for so many N-ACTIONs, then does

    unsigned find = 0;         ///< matches of each C-FIND
    unsigned find_status = 0;  ///< of its last C-FIND-RSP
    bool find_wrong = false;   ///< the matches are of another day and modality
    bool find_huge = false;    ///< each match has 1 MiB
    bool find_never = false;   ///< takes a C-FIND, never answers
    unsigned move_status = 0;  ///< of each C-MOVE-RSP; nothing is sent
};

/// Ends the program if a word is not known.
Behaviour read_behaviour(const std::vector<std::string>& words);

/// The words of `--behave`, for the help.
extern const char* const kBehaviours;

}  // namespace fake
