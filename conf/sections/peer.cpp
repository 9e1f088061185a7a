// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

/// As openssl and browsers print it: 64 hex digits, with colons or without.
bool is_empty_or_fingerprint(std::string_view text) {
    constexpr std::string_view kHex = "0123456789abcdefABCDEF";
    const auto digits = std::count_if(
        text.begin(), text.end(), [&](char c) { return kHex.find(c) != std::string_view::npos; });
    const auto colons = std::count(text.begin(), text.end(), ':');
    return text.empty() || (digits == 64 && digits + colons == std::ssize(text));
}

bool is_tenant(std::string_view text) {
    return text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

constexpr Key<PeerSettings> kKeys[] = {
    {"ae_title", &PeerSettings::ae_title,
     Fits{is_empty_or_ae_title, "empty, or at most 16 printable ASCII characters"}, "",
     "Calling AE title. Empty: any."},
    {"address", &PeerSettings::address,
     Fits{is_empty_or<is_network>, "empty, an IP address, or a network such as 10.1.0.0/16"}, "",
     "IP address or network of the caller. Empty: any."},
    {"tenant", &PeerSettings::tenant,
     Fits{is_tenant, "empty, or at most 64 printable ASCII characters"}, "",
     "Account under which its images wait; accounts take turns at the models. Empty: each called "
     "AE title other than node.ae_title, else each calling AE title, is its own account. A "
     "[[tenant]] is always its own account."},
    {"urgent", &PeerSettings::urgent, Anything{}, "",
     "Analyse and report its images first. Every fifth turn goes to the others."},
    {"host", &PeerSettings::host,
     Fits{is_empty_or<is_host>, "empty, or a host name or an IP address"}, "",
     "Host that receives the storage commitment reports of this peer. Empty: reports go only over "
     "the association that made the request."},
    {"port", &PeerSettings::port, Range{1, 65535}, "", "TCP port for those reports."},
    {"certificate_subject", &PeerSettings::certificate_subject, Anything{}, "",
     "Required name in its client certificate: the whole subject (CN=xray1,O=Hospital), the common "
     "name alone, or a DNS name. Empty: any certificate, or none."},
    {"certificate_sha256", &PeerSettings::certificate_sha256,
     Fits{is_empty_or_fingerprint, "empty, or 64 hex digits"}, "",
     "Required fingerprint of its client certificate, as printed by `openssl x509 -fingerprint "
     "-sha256`. Empty: any certificate, or none."},
    {"echo", &PeerSettings::echo, Anything{}, "", "Permit C-ECHO."},
    {"store", &PeerSettings::store, Anything{}, "", "Permit C-STORE."},
    {"commit", &PeerSettings::commit, Anything{}, "", "Permit storage commitment requests."},
    {"max_associations", &PeerSettings::max_associations, Range{0, 1000}, "associations",
     "Maximum open associations of all callers that match this row, whatever their address. 0: "
     "scp.max_associations_per_peer for each caller, and scp.max_associations_per_address."},
    {"images_per_minute", &PeerSettings::images_per_minute, Range{0, 1'000'000}, "images",
     "Maximum images per minute of all callers that match this row. Above it, callers get A700 "
     "(try again later). 0: no limit."},
};

void check(const Settings& settings, Checker& checker) {
    const bool asked =
        std::any_of(settings.listeners.begin(), settings.listeners.end(), [](const auto& listener) {
            return !listener.certificate.empty() &&
                   listener.client_certificates != ClientCertificates::off;
        });
    if (asked) return;
    for (std::size_t i = 0; i < settings.peers.size(); ++i) {
        const auto refuse = [&](std::string_view key, const std::string& value) {
            if (value.empty()) return;
            checker.complain({"peer", i}, key, "no [[listener]] asks for client certificates");
        };
        refuse("certificate_subject", settings.peers[i].certificate_subject);
        refuse("certificate_sha256", settings.peers[i].certificate_sha256);
    }
}

}  // namespace

Section<PeerSettings> peer_section() {
    return {
        .name = "peer",
        .field = &Settings::peers,
        .keys = kKeys,
        .sentence = "Permitted callers, one [[peer]] each. Without any, every caller is accepted.",
        .in_example = false,
        .check = check};
}

}  // namespace bucky::conf
