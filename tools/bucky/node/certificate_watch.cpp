// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/certificate_watch.h"

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/observe/metrics.h"

namespace bucky {
namespace {

void tell(const std::string& name, const scp::TlsFiles& files) {
    if (files.certificate.empty()) return;
    try {
        const auto read = scp::TlsContext::for_calls(files);
        metrics::set("bucky_certificate_expires_timestamp_seconds",
                     static_cast<double>(read->expires_s()), {{"destination", name}});
    } catch (const Error&) {  // told where the certificate is used
    }
}

}  // namespace

std::vector<OwnCertificate> own_certificates(const conf::Settings& settings) {
    std::vector<OwnCertificate> all;
    const auto add = [&](const std::string& section, const scp::TlsFiles& files) {
        if (!files.certificate.empty()) all.push_back({section, files});
    };
    int number = 0;
    for (const auto& one : settings.listeners) {
        add(fmt::format("listener.{}", ++number), {one.certificate, one.key, {}, {}});
    }
    add("web", {settings.web.certificate, settings.web.key, {}, {}});
    for (const auto& one : settings.destinations) {
        if (one.tls || !one.url.empty()) {
            add(one.name, {one.certificate, one.key, one.ca, one.crl});
        }
    }
    for (const auto& one : settings.archives) {
        if (one.tls) add("archive." + one.name, {one.certificate, one.key, one.ca, one.crl});
    }
    const auto& remote = settings.remote;
    add("remote", {remote.certificate, remote.key, remote.ca, remote.crl});
    add("service", {settings.service.certificate, settings.service.key, {}, {}});
    const auto& audit = settings.audit;
    add("audit", {audit.certificate, audit.key, audit.ca, audit.crl});
    return all;
}

std::vector<Trouble> certificate_troubles(const conf::Settings& settings, std::int64_t now_ms) {
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    std::vector<Trouble> all;
    for (const auto& [section, files] : own_certificates(settings)) {
        try {
            const auto end_ms = scp::TlsContext::for_calls(files, section)->expires_s() * 1000;
            if (end_ms - now_ms > settings.status.certificate_days * kDayMs) continue;
            all.push_back({Concern::certificate, section,
                           fmt::format("{}: its certificate ends {} UTC: renew {}", section,
                                       iso_utc(end_ms).substr(0, 16), files.certificate.string())});
        } catch (const Error& error) {  // it will be needed
            all.push_back(
                {Concern::certificate, section, fmt::format("{}: {}", section, error.what())});
        }
    }
    return all;
}

void tell_own_certificates(const conf::Settings& settings) {
    for (const auto& one : settings.destinations) {
        if (one.tls) tell(one.name, {one.certificate, one.key, one.ca, one.crl});
    }
    const auto& remote = settings.remote;
    if (!remote.url.empty()) {
        tell("[remote]", {remote.certificate, remote.key, remote.ca, remote.crl});
    }
}

}  // namespace bucky
