// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

bool is_endpoint(std::string_view text) {
    const auto endpoint = parse_endpoint(text);
    return endpoint && (is_ip_address(endpoint->host) || is_loopback(endpoint->host));
}

constexpr Key<WebSettings> kKeys[] = {
    {"listen", &WebSettings::listen,
     Fits{is_empty_or<is_endpoint>, "an IP address with a port, such as 0.0.0.0:8443, or empty"},
     "",
     "Address that takes images by STOW-RS: at /dicom-web/studies for node.ae_title, at "
     "/aets/TITLE/rs/studies for a [[tenant]]. Without a certificate it must be a loopback "
     "address. Empty: none."},
    {"certificate", &WebSettings::certificate, kFileOrNone, "", "As listener.certificate."},
    {"key", &WebSettings::key, kFileOrNone, "", "As listener.key."},
    {"client_certificates", choice<&WebSettings::client_certificates>,
     OneOf{kWordsOf<ClientCertificates>}, "",
     "As listener.client_certificates. The common name of a certificate is the caller's AE title "
     "where no [[peer]] row names it by certificate or address."},
    {"ca", &WebSettings::ca, kFileOrNone, "", "As listener.ca."},
    {"crl", &WebSettings::crl, kFileOrNone, "", "As listener.crl."},
    {"tokens", &WebSettings::tokens, kFileOrNone, "",
     "File of NAME:SHA256 lines, the hash as of `printf %s TOKEN | sha256sum`. If set, callers "
     "must send `Authorization: Bearer TOKEN`, and NAME is their AE title."},
};

void check(const Settings& settings, Checker& checker) {
    const auto& web = settings.web;
    const Place place{"web"};
    const auto refuse_lone = [&](std::string_view key, const std::filesystem::path& value,
                                 std::string_view beside) {
        if (!value.empty())
            checker.complain(place, key, fmt::format("counts only beside {}", beside));
    };
    if (web.listen.empty()) {
        refuse_lone("certificate", web.certificate, "listen");
        return refuse_lone("tokens", web.tokens, "listen");
    }
    if (web.certificate.empty()) {
        refuse_lone("key", web.key, "a certificate");
        refuse_lone("ca", web.ca, "a certificate");
        refuse_lone("crl", web.crl, "a certificate");
        const auto endpoint = parse_endpoint(web.listen);
        if (endpoint && !is_loopback(endpoint->host)) {
            checker.complain(place, "listen",
                             fmt::format("{} is an address that other machines can reach: that "
                                         "needs web.certificate",
                                         endpoint->host));
        }
    } else if (web.client_certificates != ClientCertificates::off && web.ca.empty()) {
        checker.complain(
            place, "client_certificates",
            fmt::format(R"("{}" needs ca, the authorities that may issue client certificates)",
                        word_of(web.client_certificates)));
    }
}

}  // namespace

Section<WebSettings> web_section() {
    return {.name = "web",
            .field = &Settings::web,
            .keys = kKeys,
            .sentence =
                "A port that takes images by DICOMweb (STOW-RS, PS3.18 10.5). Limits, waits, "
                "[[peer]] and [[tenant]] rows are those of [scp]: a connection counts as an "
                "association.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
