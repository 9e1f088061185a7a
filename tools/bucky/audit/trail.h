// SPDX-License-Identifier: Apache-2.0
// AuditTrail: writes the audit messages of a node to a file and to a syslog server. Each outlet has
// its own thread, so that neither waits for the other and no caller waits for either.
//
// Each outlet has a queue of limits::kAuditQueueMax messages. A message that finds the queue full,
// or that can never be sent, is dropped, counted (bucky_audit_dropped_total) and logged. A server
// that does not answer is tried again without end. Meanwhile it is one of the node's troubles,
// logged when it begins and when it is over. The destructor gives queued messages two seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/settings.h"
#include "tools/bucky/audit/message.h"

namespace bucky {

/// Takes one message. If it throws, it gets the same message again, except after bad_input, which
/// says that this message can never be taken.
using AuditSink = std::function<void(const std::string& message)>;

/// Appends lines to a file. When the file has grown to `bytes_max` it is renamed to FILE.1, FILE.1
/// to FILE.2 and so on; `kept` of these are kept.
class AuditFile {
public:
    AuditFile(std::filesystem::path file, std::uint64_t bytes_max, std::int64_t kept);
    void append(const std::string& line);

private:
    void turn_over();

    const std::filesystem::path file_;
    const std::uint64_t bytes_max_;
    const std::int64_t kept_;
};

class AuditOutlet {
public:
    /// After a failed try it pauses, twice as long each time, up to 30 s.
    AuditOutlet(std::string name, AuditSink sink,
                std::chrono::milliseconds first_pause = std::chrono::seconds{1});
    AuditOutlet(const AuditOutlet&) = delete;
    AuditOutlet& operator=(const AuditOutlet&) = delete;
    ~AuditOutlet();

    void put(const std::string& message);

    /// Why no message is taken at present; empty when they are.
    std::string trouble() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class AuditTrail {
public:
    /// Records what audit::tell() reports from now on. Does nothing when neither a file nor a
    /// server is configured.
    AuditTrail(const conf::AuditSettings& told, AuditSource source, const Clock& clock);
    AuditTrail(const AuditTrail&) = delete;
    AuditTrail& operator=(const AuditTrail&) = delete;
    ~AuditTrail();

    /// A sentence for each outlet that takes no messages at present.
    std::vector<std::string> troubles() const;

private:
    std::vector<std::unique_ptr<AuditOutlet>> outlets_;
};

/// This process, as audit messages name it.
AuditSource audit_source(const std::string& ae_title);

}  // namespace bucky
