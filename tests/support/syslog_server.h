// SPDX-License-Identifier: Apache-2.0
// SyslogServer: receives syslog over TLS (RFC 5425) on loopback from any number of callers, in a
// thread of its own. It uses Asio's TLS, not ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/certificates.h"

namespace bucky::test {

class SyslogServer {
public:
    /// Callers must present a certificate of `callers_ca`; empty: none is requested. Port 0: any
    /// port.
    explicit SyslogServer(const Identity& identity, const std::filesystem::path& callers_ca = {},
                          std::uint16_t port = 0);
    SyslogServer(const SyslogServer&) = delete;
    SyslogServer& operator=(const SyslogServer&) = delete;
    ~SyslogServer();

    std::uint16_t port() const;

    /// The oldest message not yet returned, as soon as there is one; nullopt when none comes.
    std::optional<std::string> next_message(std::chrono::seconds at_most);

    /// The error of the last TLS handshake; empty if it succeeded or there was none.
    std::string last_refusal() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::test
