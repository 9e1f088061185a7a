// SPDX-License-Identifier: Apache-2.0
// What an audit trail must know (PS3.15 A.5): who did what with whose images. Any room tells it by
// tell(); the program gives it to a recorder. Without one it costs nothing and is forgotten.
//
// A recorder may not wait: tell() is called where callers of the node stand at the door. Any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace bucky::audit {

enum class Kind {
    started,         ///< the node takes callers (A.5.3.1 Application Activity)
    stopped,         ///< ... and no more
    begins_to_send,  ///< A.5.3.3 Begin Transferring DICOM Instances
    transferred,     ///< A.5.3.7 DICOM Instances Transferred: sent, or received
    caller_refused,  ///< A.5.3.11 Security Alert: Node Authentication
    configured,      ///< ... Software Configuration
    asked,           ///< A.5.3.10 Query: somebody looks at the admin interface
    not_let_in       ///< A.5.3.12 User Authentication, which failed
};

enum class Outcome { success = 0, minor_failure = 4, serious_failure = 8 };

struct Event {
    Kind kind = Kind::started;
    Outcome outcome = Outcome::success;
    std::string words{};  ///< what became of it, for a person; may be empty
    bool we_send = false;
    std::string our_ae{}, peer_ae{}, peer_address{};  ///< empty: not known
    std::string study{}, accession_number{}, patient_id{};
    std::map<std::string, std::int64_t> instances{};  ///< how many, by SOP class
    std::string path{};                               ///< that was asked for
};

using Recorder = std::function<void(const Event&)>;

/// From now on; an empty one ends it. Once it has returned, no earlier one is called.
void record_with(Recorder recorder);

/// Whether anybody records: what an event costs to gather may be spared else.
bool is_recorded();

void tell(const Event& event);

}  // namespace bucky::audit
