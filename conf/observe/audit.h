// SPDX-License-Identifier: Apache-2.0
// The events of an audit trail (PS3.15 A.5): who did what with whose images. Any module reports one
// by tell(); the program installs a recorder. Without a recorder events are dropped at no cost.
//
// A recorder must not block: tell() is called by the thread that accepts connections. Any thread
// may call.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace bucky::audit {

enum class Kind {
    started,         ///< the node accepts callers (A.5.3.1 Application Activity)
    stopped,         ///< ... and no longer
    begins_to_send,  ///< A.5.3.3 Begin Transferring DICOM Instances
    transferred,     ///< A.5.3.7 DICOM Instances Transferred: sent, or received
    caller_refused,  ///< A.5.3.11 Security Alert: Node Authentication
    configured,      ///< ... Software Configuration
    asked,           ///< A.5.3.10 Query: a request to the admin interface
    not_let_in       ///< A.5.3.12 User Authentication that failed
};

enum class Outcome { success = 0, minor_failure = 4, serious_failure = 8 };

struct Event {
    Kind kind = Kind::started;
    Outcome outcome = Outcome::success;
    std::string words{};  ///< the outcome, for a person; may be empty
    bool we_send = false;
    std::string our_ae{}, peer_ae{}, peer_address{};  ///< empty: not known
    std::string study{}, accession_number{}, patient_id{};
    std::map<std::string, std::int64_t> instances{};  ///< their number, by SOP class
    std::string path{};                               ///< of the request
};

using Recorder = std::function<void(const Event&)>;

/// Replaces the recorder; an empty one removes it. After the return no earlier one is called.
void record_with(Recorder recorder);

/// Whether there is a recorder. If not, a caller need not gather the fields of an event.
bool is_recorded();

void tell(const Event& event);

}  // namespace bucky::audit
