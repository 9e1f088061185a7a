// SPDX-License-Identifier: Apache-2.0
// AuditTrail: keeps the audit messages of a node in a file and sends them to a syslog server, each
// by a thread of its own, so that neither waits for the other and no caller of the node for either.
//
// Each has a queue of limits::kAuditQueueMax messages; what finds it full, or can never get out, is
// dropped, counted (bucky_audit_dropped_total) and logged. A server that is away is tried again
// for ever, and is one of the node's troubles meanwhile: logged when it begins and when it is over.
// The destructor lets what is queued out for two seconds.
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

/// Takes one message, or throws and gets the same one again; but not after bad_input, which says
/// that this message can never be taken.
using AuditSink = std::function<void(const std::string& message)>;

/// Appends lines to a file, and begins another when it has grown to `bytes_max`: FILE.1 is the one
/// before, and of these `kept` are.
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
    /// Between two tries of a message it pauses, twice as long each time, up to 30 s.
    AuditOutlet(std::string name, AuditSink sink,
                std::chrono::milliseconds first_pause = std::chrono::seconds{1});
    AuditOutlet(const AuditOutlet&) = delete;
    AuditOutlet& operator=(const AuditOutlet&) = delete;
    ~AuditOutlet();

    void put(const std::string& message);

    /// Why nothing gets out at present; empty: it does.
    std::string trouble() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class AuditTrail {
public:
    /// Records what audit::tell() is told from now on; nothing where neither file nor server is
    /// set.
    AuditTrail(const conf::AuditSettings& told, AuditSource source, const Clock& clock);
    AuditTrail(const AuditTrail&) = delete;
    AuditTrail& operator=(const AuditTrail&) = delete;
    ~AuditTrail();

    /// A sentence for each outlet that takes no messages at present.
    std::vector<std::string> troubles() const;

private:
    std::vector<std::unique_ptr<AuditOutlet>> outlets_;
};

/// This process, as messages name it.
AuditSource audit_source(const std::string& ae_title);

}  // namespace bucky
