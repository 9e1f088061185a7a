// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

constexpr Key<ListenerSettings> kKeys[] = {
    {"listen", &ListenerSettings::listen, Fits{is_ip_address, "an IP address"}, "",
     "As scp.listen."},
    {"port", &ListenerSettings::port, Range{0, 65535}, "", "As scp.port."},
    {"certificate", &ListenerSettings::certificate, kFileOrNone, "",
     "Certificate of this node (PEM), followed by its intermediate certificates. Empty: no TLS."},
    {"key", &ListenerSettings::key, kFileOrNone, "",
     "Private key of the certificate (PEM, without passphrase, readable by the service only). "
     "Empty: it is in the file of the certificate."},
    {"client_certificates", choice<&ListenerSettings::client_certificates>,
     OneOf{kWordsOf<ClientCertificates>}, "",
     "required: callers must present a certificate issued by `ca`. asked: optional, but if "
     "presented it must be valid. off: none is requested."},
    {"ca", &ListenerSettings::ca, kFileOrNone, "",
     "Certificate authorities (PEM) that may issue client certificates."},
    {"crl", &ListenerSettings::crl, kFileOrNone, "",
     "Certificate revocation lists (PEM), one for each authority between the caller's certificate "
     "and the root. A missing or expired list refuses the callers it covers."},
    {"users", &ListenerSettings::users, kFileOrNone, "", "As scp.users."},
};

void check_one(const Settings& settings, std::size_t index, Checker& checker) {
    const auto& listener = settings.listeners[index];
    const Place place{"listener", index};
    if (listener.port != 0 && settings.scp.plain && listener.port == settings.scp.port) {
        checker.complain(place, "port", fmt::format("port {} is scp.port already", listener.port));
    }
    if (listener.certificate.empty()) {
        const auto refuse_lone = [&](std::string_view key, const std::filesystem::path& value) {
            if (!value.empty()) checker.complain(place, key, "counts only beside a certificate");
        };
        refuse_lone("key", listener.key);
        refuse_lone("ca", listener.ca);
        refuse_lone("crl", listener.crl);
    } else if (listener.client_certificates != ClientCertificates::off && listener.ca.empty()) {
        checker.complain(
            place, "client_certificates",
            fmt::format(R"("{}" needs ca, the authorities that may issue client certificates)",
                        word_of(listener.client_certificates)));
    }
}

void check(const Settings& settings, Checker& checker) {
    for (std::size_t i = 0; i < settings.listeners.size(); ++i) check_one(settings, i, checker);
}

}  // namespace

Section<ListenerSettings> listener_section() {
    return {.name = "listener",
            .field = &Settings::listeners,
            .keys = kKeys,
            .sentence =
                "Further ports, one [[listener]] each, mostly with TLS (1.2 or 1.3, PS3.15 B.12). "
                "Certificates, keys and revocation lists are read again at SIGHUP; those of "
                "destinations at each association.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
