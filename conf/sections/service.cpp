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

bool is_url(std::string_view text) {
    constexpr std::string_view kHttps = "https://";
    if (!text.starts_with(kHttps)) return false;
    text.remove_prefix(kHttps.size());
    return is_host(text.substr(0, text.find(':'))) &&
           text.find_first_of(" /?#@\"") == std::string_view::npos;
}

constexpr Key<ServiceSettings> kKeys[] = {
    {"listen", &ServiceSettings::listen,
     Fits{is_empty_or<is_endpoint>, "an IP address with a port, such as 0.0.0.0:443, or empty"}, "",
     "Address of the model server. Without a certificate it must be a loopback address. Empty: no "
     "model server."},
    {"certificate", &ServiceSettings::certificate, kFileOrNone, "",
     "Certificate of this node (PEM), followed by its intermediate certificates. Sites must then "
     "present one, too."},
    {"key", &ServiceSettings::key, kFileOrNone, "",
     "Private key of the certificate (PEM, without passphrase, readable by the service only). "
     "Empty: it is in the file of the certificate."},
    {"ca", &ServiceSettings::ca, kFileOrNone, "",
     "Certificate authorities (PEM) that may issue certificates of sites."},
    {"crl", &ServiceSettings::crl, kFileOrNone, "",
     "Certificate revocation lists (PEM), one for each authority between a site's certificate and "
     "the root. The file is looked at every minute. A missing or expired list refuses the sites it "
     "covers."},
    {"sites", &ServiceSettings::sites, Anything{}, "",
     "This node invites sites (`bucky site invite`) and issues their certificates (EST, RFC 7030). "
     "Its authority and register lie in data_dir; certificate, ca and crl are theirs where they "
     "are not set."},
    {"url", &ServiceSettings::url, Fits{is_empty_or<is_url>, "empty, or https://HOST[:PORT]"}, "",
     "Address under which sites reach this service, for invitations."},
    {"control", &ServiceSettings::control,
     Fits{is_empty_or<is_url>, "empty, or https://HOST[:PORT]"}, "",
     "Address under which the node that invites sites is reached itself, where url leads to "
     "several "
     "servers: sites join and report there. On the other servers: the revocation list is fetched "
     "from there each minute into crl (empty: data_dir/crl.pem)."},
    {"proxy_protocol", &ServiceSettings::proxy_protocol, Anything{}, "",
     "Every connection begins with a PROXY header of version 2, as HAProxy in TCP mode sends it "
     "(send-proxy-v2): then the log has the callers' addresses."},
    {"certificate_header", &ServiceSettings::certificate_header, Anything{}, "",
     "Header in which a proxy on this machine that ends TLS itself names the site (the common name "
     "of its certificate). Only without a certificate here. Empty: there is no such proxy."},
    {"site_at_once", &ServiceSettings::site_at_once, Range{1, 1000}, "requests",
     "Maximum requests of one site that wait or run. Further ones are answered 429."},
    {"site_per_second", &ServiceSettings::site_per_second, Range{0, 100'000}, "images",
     "Maximum images of one site in a second. 0: no limit."},
    {"site_per_day", &ServiceSettings::site_per_day, Range{0, 10'000'000}, "images",
     "Maximum images of one site in a day (UTC). 0: no limit."},
    {"queue_max", &ServiceSettings::queue_max, Range{1, 100'000}, "requests",
     "Maximum requests of all sites that wait. Further ones are answered 503."},
};

void check(const Settings& settings, Checker& checker) {
    const auto& service = settings.service;
    const Place place{"service"};
    const auto refuse_lone = [&](std::string_view key, const std::filesystem::path& value,
                                 std::string_view beside) {
        if (!value.empty())
            checker.complain(place, key, fmt::format("counts only beside {}", beside));
    };
    if (service.listen.empty()) return refuse_lone("certificate", service.certificate, "listen");
    if (service.sites && service.url.empty()) {
        checker.complain(place, "url", "needed beside sites: the address that invitations name");
    }
    if (service.certificate.empty() && !service.sites) {
        refuse_lone("key", service.key, "a certificate");
        refuse_lone("ca", service.ca, "a certificate");
        const auto endpoint = parse_endpoint(service.listen);
        if (endpoint && !is_loopback(endpoint->host)) {
            checker.complain(place, "listen",
                             fmt::format("{} is an address that other machines can reach: that "
                                         "needs service.certificate",
                                         endpoint->host));
        }
    } else if (service.ca.empty() && !service.sites) {
        checker.complain(place, "ca",
                         "needed beside a certificate: the authorities that may issue "
                         "certificates of sites");
    }
    const bool is_tls = !service.certificate.empty() || service.sites;
    if (is_tls && !service.certificate_header.empty()) {
        checker.complain(place, "certificate_header",
                         "counts only without a certificate: callers could set it themselves");
    }
    if (service.ca.empty()) {
        refuse_lone("crl", service.crl, "ca");
        if (!service.sites) refuse_lone("control", service.control, "ca");
    }
}

}  // namespace

Section<ServiceSettings> service_section() {
    return {.name = "service",
            .field = &Settings::service,
            .keys = kKeys,
            .sentence =
                "The model server: this node's models for other sites, over HTTPS (Open "
                "Inference Protocol v2).",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
