// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/site_control.h"

#include <algorithm>
#include <system_error>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/endpoint.h"
#include "conf/observe/log.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/sites/private_file.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kInvitationMs = 72LL * 3600 * 1000;
constexpr std::int64_t kAuthorityDays = 20LL * 365;
constexpr std::int64_t kCertificateDays = 90;
constexpr std::int64_t kListDays = 30;
constexpr std::int64_t kDayS = 24LL * 3600;
constexpr std::size_t kNameMax = 64;  // of a common name (RFC 5280 A.1)

fs::path prepared(const fs::path& folder) {
    make_private_folder(folder);
    return folder;
}

x509::Signer open_or_make(const fs::path& folder, const std::string& host, std::int64_t now_s) {
    const auto certificate = folder / "ca.pem";
    const auto key = folder / "ca.key";
    std::error_code unseen;
    if (fs::exists(certificate, unseen)) return {read_text(certificate), read_text(key)};
    const auto made = x509::make_authority("Sites of " + host, now_s, kAuthorityDays);
    write_private_file(key, made.key);
    write_private_file(certificate, made.certificate);
    log::event("authority.made", {{"file", certificate.string()}});
    return made;
}

/// "ai.example" of "https://ai.example:8443".
std::string host_of(const std::string& url) {
    const auto from = url.find("://");
    auto host = from == std::string::npos ? url : url.substr(from + 3);
    host = host.substr(0, host.find('/'));
    if (const auto endpoint = conf::parse_endpoint(host)) return endpoint->host;
    return host.empty() ? "localhost" : host;
}

bool is_site_name(const std::string& name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    };
    return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, fits);
}

}  // namespace

SiteControl::SiteControl(const conf::Settings& settings, const Clock& clock)
    : folder_(prepared(settings.node.data_dir / "authority")),
      url_(settings.service.url),
      control_(settings.service.control.empty() ? url_ : settings.service.control),
      has_own_server_(settings.service.certificate.empty()),
      clock_(clock),
      authority_(open_or_make(folder_, host_of(url_), clock.now_ms() / 1000)),
      sites_(settings.node.data_dir, clock_) {
    renew();
}

SiteControl::Invitation SiteControl::invite(const std::string& name) {
    if (!is_site_name(name)) {
        throw Error(Fault::bad_input,
                    "a site's name has 1 to {} lower-case letters, digits, hyphens and full stops",
                    kNameMax);
    }
    if (url_.empty()) {
        throw Error(Fault::bad_input, "service.url is not set: where would the site join?");
    }
    const auto secret = x509::random_token();
    const auto until_ms = clock_.now_ms() + kInvitationMs;
    sites_.invite(name, hex(sha256(secret)), until_ms);
    const auto pin = x509::read_certificate(authority_.certificate).sha256;
    return {fmt::format("bucky join {} --token {}.{}", control_, secret, pin), until_ms};
}

std::int64_t SiteControl::revoke(const std::string& name) {
    const auto certificates = sites_.revoke(name);
    write_list();
    return certificates;
}

std::string SiteControl::enroll(const std::string& token, const std::string& request_der) {
    const auto request = x509::read_request(request_der);
    const auto site = sites_.redeem(hex(sha256(token)), request.key_sha256);
    return issue(site, request_der);
}

std::string SiteControl::reenroll(const std::string& site, const std::string& serial,
                                  const std::string& request_der) {
    if (!sites_.may_renew(site, serial)) {
        throw Error(Fault::bad_input, "this certificate is of no site of this service");
    }
    return issue(site, request_der);
}

std::string SiteControl::issue(const std::string& site, const std::string& request_der) {
    const auto now_s = clock_.now_ms() / 1000;
    const auto made = x509::issue(
        authority_, request_der,
        {.use = x509::Use::site, .common_name = site, .now_s = now_s, .days = kCertificateDays});
    sites_.record({.serial = made.serial,
                   .site = site,
                   .issued_at_ms = made.issued_at_s * 1000,
                   .expires_at_ms = made.expires_at_s * 1000});
    log::event(
        "site.certificate",
        {{"site", site}, {"serial", made.serial}, {"expires", iso_utc(made.expires_at_s * 1000)}});
    return x509::certs_only(std::vector<std::string>{made.certificate});
}

std::string SiteControl::ca_certificates() const {
    return x509::certs_only(std::vector<std::string>{authority_.certificate});
}

std::string SiteControl::service() const {
    return fmt::format(R"({{"url":"{}"}})", url_);  // conf lets no quotation mark in
}

std::string SiteControl::revocation_list() const {
    return read_text(folder_ / "crl.pem");
}

void SiteControl::write_list() {
    std::vector<x509::Revoked> all;
    for (const auto& one : sites_.revoked()) all.push_back({one.serial, one.revoked_at_ms / 1000});
    write_private_file(folder_ / "crl.pem",
                       x509::revocation_list(authority_, all, clock_.now_ms() / 1000, kListDays));
}

void SiteControl::renew() {
    const auto file = folder_ / "crl.pem";
    std::error_code none;
    const auto written_at = fs::last_write_time(file, none);
    const auto age = fs::file_time_type::clock::now() - written_at;
    if (none || age > std::chrono::hours{24 * kListDays / 3}) write_list();
    if (has_own_server_) renew_server();
}

/// From this authority, which every site that joined trusts.
void SiteControl::renew_server() {
    const auto file = folder_ / "server.pem";
    const auto host = host_of(url_);
    const auto now_s = clock_.now_ms() / 1000;
    std::error_code unseen;
    if (fs::exists(file, unseen)) {
        const auto old = x509::read_certificate(read_text(file));
        const bool is_young = old.until_s - now_s > kCertificateDays * kDayS / 3;
        if (is_young && old.common_name == host) return;
    }
    const auto key = x509::make_key();
    const auto kind = conf::is_ip_address(host) ? "IP:" : "DNS:";
    const auto made = x509::issue(authority_, x509::make_request_der(key, host),
                                  {.use = x509::Use::server,
                                   .common_name = host,
                                   .names = kind + host,
                                   .now_s = now_s,
                                   .days = kCertificateDays});
    write_private_file(
        file, made.certificate + authority_.certificate + key);  // one file: never half new
}

bool fetches_list(const conf::ServiceSettings& told) {
    return !told.sites && !told.control.empty();
}

conf::ServiceSettings with_authority(const conf::Settings& settings) {
    auto told = settings.service;
    if (!told.sites) {
        if (fetches_list(told) && told.crl.empty()) told.crl = settings.node.data_dir / "crl.pem";
        return told;
    }
    const auto folder = settings.node.data_dir / "authority";
    if (told.certificate.empty()) told.certificate = folder / "server.pem";
    if (told.ca.empty()) {
        told.ca = folder / "ca.pem";
        told.crl = folder / "crl.pem";
    }
    return told;
}

JoinToken read_token(const std::string& token) {
    constexpr std::size_t kHashDigits = 64;
    const auto dot = token.find('.');
    if (dot == std::string::npos || dot == 0 || token.size() - dot - 1 != kHashDigits) {
        throw Error(Fault::bad_input,
                    "this is no token of an invitation: it has two parts and a "
                    "full stop between them");
    }
    return {token.substr(0, dot), token.substr(dot + 1)};
}

}  // namespace bucky
