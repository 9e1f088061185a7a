// SPDX-License-Identifier: Apache-2.0
#include "conf/endpoint.h"

#include <array>
#include <charconv>

#include <arpa/inet.h>

namespace bucky::conf {
namespace {

std::optional<int> whole_number(std::string_view digits, int at_most) {
    int number = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number);
    const bool good = read.ec == std::errc{} && read.ptr == end && number >= 0 && number <= at_most;
    return good ? std::optional{number} : std::nullopt;
}

bool is_of_family(std::string_view text, int family) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    return inet_pton(family, std::string{text}.c_str(), address.data()) == 1;
}

}  // namespace

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port = whole_number(text.substr(colon + 1), 65535);
    if (!port) return std::nullopt;
    if (host.front() == '[') {
        if (host.back() != ']') return std::nullopt;
        host = host.substr(1, host.size() - 2);
        if (!is_of_family(host, AF_INET6)) return std::nullopt;
    } else if (host.find(':') != std::string_view::npos) {
        return std::nullopt;  // 2001:db8::1:80 is ambiguous without brackets
    }
    return Endpoint{std::string{host}, static_cast<std::uint16_t>(*port)};
}

bool is_ip_address(std::string_view text) {
    return is_of_family(text, AF_INET) || is_of_family(text, AF_INET6);
}

bool is_network(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return is_ip_address(text);
    const auto address = text.substr(0, slash);
    const auto prefix = text.substr(slash + 1);
    if (is_of_family(address, AF_INET)) return whole_number(prefix, 32).has_value();
    return is_of_family(address, AF_INET6) && whole_number(prefix, 128).has_value();
}

bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "::1") return true;
    return is_of_family(host, AF_INET) && host.starts_with("127.");
}

}  // namespace bucky::conf
