// SPDX-License-Identifier: Apache-2.0
// Endpoint: "127.0.0.1:8090" or "[::1]:8090" parsed into host and port, and predicates of
// addresses. Pure functions; no name is resolved.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bucky::conf {

struct Endpoint {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;

    /// For what takes addresses alone: localhost is 127.0.0.1.
    std::string address() const { return host == "localhost" ? "127.0.0.1" : host; }
};

/// HOST:PORT or [IPv6]:PORT with a port of 0 to 65535; nothing when it is neither.
std::optional<Endpoint> parse_endpoint(std::string_view text);

bool is_ip_address(std::string_view text);  ///< IPv4 or IPv6, numeric
bool is_network(std::string_view text);   ///< an address, or one with a prefix length: 10.1.0.0/16
bool is_loopback(std::string_view host);  ///< localhost, 127.0.0.0/8 or ::1

}  // namespace bucky::conf
