// SPDX-License-Identifier: Apache-2.0
// Syslog: the transport of audit messages (PS3.15 A.6 and A.7): RFC 5424 messages over UDP (RFC
// 5426), TCP with octet counting (RFC 6587) or TLS (RFC 5425, with the same handshake as for
// destinations). Blocking, for at most some seconds: use it on a thread that does nothing else.
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

    /// Connects if there is no connection, and writes. Throws unavailable when that fails or takes
    /// too long, bad_input when the message is longer than a datagram can be. Over TCP and TLS,
    /// messages that were written just before the connection broke may be lost unnoticed.
    void send(const std::string& message);

    class Line;  ///< one transport to a server

private:
    std::unique_ptr<Line> line_;
};

}  // namespace bucky
