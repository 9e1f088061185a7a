// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, version 2: what a load balancer in TCP mode sends before the bytes of the
// caller (haproxy.org, proxy-protocol.txt 2.2). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace bucky::service {

inline constexpr std::size_t kProxyHeadBytes = 16;

/// Of the addresses that follow: of IPv6 with some TLVs.
inline constexpr std::size_t kProxyRestBytesMax = 536;

/// The bytes that follow the first 16; nothing when this is no such header, or it is longer.
std::optional<std::size_t> proxy_rest_bytes(std::span<const std::uint8_t, kProxyHeadBytes> head);

/// The address of the caller; empty for a connection of the load balancer itself (LOCAL, its health
/// check) and for what is neither IPv4 nor IPv6.
std::string proxied_address(std::span<const std::uint8_t, kProxyHeadBytes> head,
                            std::span<const std::uint8_t> rest);

}  // namespace bucky::service
