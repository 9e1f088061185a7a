// SPDX-License-Identifier: Apache-2.0
// Behaviour: how badly the fake PACS behaves, as words on its command line.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace fake {

struct Behaviour {
    bool silent = false;        ///< takes the connection, answers no A-ASSOCIATE-RQ
    bool deaf = false;          ///< accepts the association, then reads and says nothing any more
    bool reject = false;        ///< rejects every association: called AE title not recognised
    bool congested = false;     ///< rejects every association for now
    bool abort_midway = false;  ///< A-ABORT while the data set of a C-STORE is on its way
    bool abort = false;         ///< A-ABORT when a C-STORE has arrived
    bool drop = false;          ///< closes the connection when a C-STORE has arrived
    bool no_answer = false;     ///< takes a C-STORE and says nothing
    bool no_sr = false;         ///< accepts no context of an SR class
    bool implicit_only = false;
    std::chrono::milliseconds slow{0};  ///< before each answer
    unsigned status = 0;                ///< of each C-STORE-RSP
    unsigned only_first = 0;  ///< misbehave for so many C-STOREs (0: for ever), then be good

    bool no_commitment = false;  ///< accepts no context of Storage Commitment
    bool commit_never = false;   ///< takes an N-ACTION, reports nothing
    unsigned commit_status = 0;  ///< of each N-ACTION-RSP
    unsigned commit_forget = 0;  ///< for so many N-ACTIONs, loses what it is asked for
    unsigned commit_ignore = 0;  ///< reports nothing to so many N-ACTIONs, then does
};

/// Ends the program when a word is not known.
Behaviour read_behaviour(const std::vector<std::string>& words);

/// What `--behave` takes, for the help.
extern const char* const kBehaviours;

}  // namespace fake
