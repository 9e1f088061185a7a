// SPDX-License-Identifier: Apache-2.0
// Syslog: the wire of audit messages (PS3.15 A.6 and A.7): RFC 5424 messages over UDP (RFC 5426),
// TCP with octet counting (RFC 6587) or TLS (RFC 5425, with the handshake that destinations get).
// Blocking, but never longer than some seconds: for a thread that has nothing else to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "tools/bucky/audit/message.h"

namespace bucky {

/// Facility 10 (security), severity 5 (notice), MSGID DICOM+RFC3881 (PS3.15 A.6.1, A.7.1).
std::string syslog_message(std::string_view audit_message, const AuditSource& source,
                           std::int64_t now_ms);

class Syslog {
public:
    /// Throws bad_input when `told.syslog` names no host and port.
    explicit Syslog(const conf::AuditSettings& told,
                    std::chrono::milliseconds patience = std::chrono::seconds{5});
    Syslog(const Syslog&) = delete;
    Syslog& operator=(const Syslog&) = delete;
    ~Syslog();

    /// Connects where it is not, and writes. Throws unavailable when that fails or takes too long,
    /// bad_input when the message is longer than a datagram can be; over TCP and TLS what a
    /// server took and lost with its connection is not known.
    void send(const std::string& message);

    class Line;  ///< one way to a server

private:
    std::unique_ptr<Line> line_;
};

}  // namespace bucky
