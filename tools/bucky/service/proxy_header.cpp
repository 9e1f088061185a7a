// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/proxy_header.h"

#include <algorithm>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace bucky::service {
namespace {

namespace ip = boost::asio::ip;

constexpr std::array<std::uint8_t, 12> kSignature{0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D,
                                                  0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
constexpr std::uint8_t kLocal = 0x20, kProxy = 0x21;  // version 2 and the command
constexpr int kOfIpv4 = 1, kOfIpv6 = 2;               // in the upper half of byte 13

template <typename Address>
std::string address_in(std::span<const std::uint8_t> rest) {
    typename Address::bytes_type bytes{};
    if (rest.size() < bytes.size()) return {};
    std::copy_n(rest.begin(), bytes.size(), bytes.begin());
    return Address{bytes}.to_string();
}

}  // namespace

std::optional<std::size_t> proxy_rest_bytes(std::span<const std::uint8_t, kProxyHeadBytes> head) {
    const bool is_one = std::equal(kSignature.begin(), kSignature.end(), head.begin()) &&
                        (head[12] == kLocal || head[12] == kProxy);
    const std::size_t rest = static_cast<std::size_t>(head[14]) << 8U | head[15];
    if (!is_one || rest > kProxyRestBytesMax) return std::nullopt;
    return rest;
}

std::string proxied_address(std::span<const std::uint8_t, kProxyHeadBytes> head,
                            std::span<const std::uint8_t> rest) {
    if (head[12] != kProxy) return {};
    switch (head[13] >> 4U) {
        case kOfIpv4: return address_in<ip::address_v4>(rest);
        case kOfIpv6: return address_in<ip::address_v6>(rest);
        default: return {};
    }
}

}  // namespace bucky::service
