// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/peers.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "conf/base/error.h"

namespace bucky::scp {
namespace {

namespace ip = boost::asio::ip;

ip::address unmapped(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

template <typename Address>
bool shares_prefix(const Address& one, const Address& other, unsigned bits) {
    const auto left = one.to_bytes();
    const auto right = other.to_bytes();
    for (std::size_t i = 0; i < left.size() && bits > 0; ++i) {
        const unsigned here = std::min(bits, 8U);
        const auto mask = static_cast<unsigned>(0xFF00U >> here) & 0xFFU;
        if (((left[i] ^ right[i]) & mask) != 0) return false;
        bits -= here;
    }
    return true;
}

/// An address, or a network in CIDR notation.
struct Range {
    ip::address network;
    unsigned prefix_bits = 0;

    bool holds(const ip::address& address) const {
        if (network.is_v4() != address.is_v4()) return false;
        return network.is_v4() ? shares_prefix(network.to_v4(), address.to_v4(), prefix_bits)
                               : shares_prefix(network.to_v6(), address.to_v6(), prefix_bits);
    }
};

std::optional<Range> parse_range(const std::string& text) {
    boost::system::error_code error;
    const auto address = ip::make_address(text, error);
    if (!error) return Range{unmapped(address), unmapped(address).is_v4() ? 32U : 128U};
    const auto v4 = ip::make_network_v4(text, error);
    if (!error) return Range{v4.address(), v4.prefix_length()};
    const auto v6 = ip::make_network_v6(text, error);
    if (!error) return Range{v6.address(), v6.prefix_length()};
    return std::nullopt;
}

/// "AB:CD" or "abcd" in the form of fingerprint_of(): "abcd".
std::string plain_digits(std::string_view text) {
    std::string digits;
    for (const char c : text) {
        if (c == ':') continue;
        digits += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return digits;
}

bool is_among(std::string_view wanted, std::string_view names) {
    constexpr std::string_view kComma = ", ";
    while (!names.empty()) {
        const auto end = std::min(names.find(kComma), names.size());
        if (names.substr(0, end) == wanted) return true;
        names.remove_prefix(std::min(names.size(), end + kComma.size()));
    }
    return false;
}

struct Rule {
    std::string ae_title;        ///< empty: any
    std::optional<Range> range;  ///< nothing: any
    std::string subject;         ///< empty: any certificate, or none
    std::string sha256;          ///< like subject
    Peers::Standing standing;

    /// Than an AE title, which anybody may claim.
    bool names_more() const { return range || !subject.empty() || !sha256.empty(); }

    bool names(const PeerCertificate* shown) const {
        if (subject.empty() && sha256.empty()) return true;
        if (shown == nullptr) return false;
        const bool made_out = subject.empty() || subject == shown->subject ||
                              subject == shown->common_name || is_among(subject, shown->names);
        return made_out && (sha256.empty() || sha256 == shown->sha256);
    }
};

}  // namespace

struct Peers::Rules {
    std::vector<Rule> rows;

    const Rule* of(const Stranger& stranger) const {
        boost::system::error_code error;
        const auto from = unmapped(ip::make_address(std::string{stranger.address}, error));
        const auto found = std::find_if(rows.begin(), rows.end(), [&](const Rule& rule) {
            const bool is_named =
                stranger.calling_ae.empty()
                    ? rule.ae_title.empty() || rule.names_more()
                    : rule.ae_title.empty() || rule.ae_title == stranger.calling_ae;
            return is_named && (!rule.range || (!error && rule.range->holds(from))) &&
                   rule.names(stranger.certificate);
        });
        return found == rows.end() ? nullptr : &*found;
    }
};

std::string network_of(const std::string& address) {
    boost::system::error_code error;
    const auto parsed = unmapped(ip::make_address(address, error));
    if (error || parsed.is_v4()) return address;
    constexpr unsigned short kSiteBits = 64;
    return ip::make_network_v6(parsed.to_v6(), kSiteBits).canonical().to_string();
}

Peers::Peers(std::span<const conf::PeerSettings> rows) {
    auto rules = std::make_unique<Rules>();
    for (const auto& row : rows) {
        Rule rule{.ae_title = row.ae_title,
                  .range = std::nullopt,
                  .subject = row.certificate_subject,
                  .sha256 = plain_digits(row.certificate_sha256),
                  .standing = {.ae_title = row.ae_title,
                               .tenant = row.tenant,
                               .urgent = row.urgent,
                               .echo = row.echo,
                               .store = row.store,
                               .commit = row.commit,
                               .row = rules->rows.size() + 1,
                               .max_associations = row.max_associations,
                               .images_per_minute = row.images_per_minute}};
        if (!row.address.empty()) {
            rule.range = parse_range(row.address);
            if (!rule.range) {
                throw Error(Fault::bad_input,
                            "peer.address '{}' is neither an IP address nor a network such as "
                            "10.1.0.0/16 or fd00::/8",
                            row.address);
            }
        }
        rules->rows.push_back(std::move(rule));
    }
    rules_ = std::move(rules);
}

Peers::~Peers() = default;

bool Peers::anyone() const {
    return rules_->rows.empty();
}

std::optional<Peers::Standing> Peers::standing(const Stranger& stranger) const {
    if (anyone()) return Standing{};
    const Rule* rule = rules_->of(stranger);
    return rule == nullptr ? std::nullopt : std::optional{rule->standing};
}

}  // namespace bucky::scp
