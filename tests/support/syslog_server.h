// SPDX-License-Identifier: Apache-2.0
// SyslogServer: takes syslog over TLS (RFC 5425) on loopback, from as many callers as come, in a
// thread of its own; written with Asio's TLS, not with ours.
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
    /// Callers must show a certificate of `callers_ca`; empty: none is asked for. Port 0: any.
    explicit SyslogServer(const Identity& identity, const std::filesystem::path& callers_ca = {},
                          std::uint16_t port = 0);
    SyslogServer(const SyslogServer&) = delete;
    SyslogServer& operator=(const SyslogServer&) = delete;
    ~SyslogServer();

    std::uint16_t port() const;

    /// The oldest message that nobody has asked for, once it is there; nothing when none comes.
    std::optional<std::string> next_message(std::chrono::seconds at_most);

    /// What TLS said of the last handshake; empty: it went well, or there was none.
    std::string last_refusal() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::test
