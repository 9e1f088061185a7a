// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/referenced_files.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "scp/wire/tls_context.h"
#include "tools/bucky/shared/secret.h"

namespace bucky {
namespace {

using scp::TlsContext;

/// The line of a key; for a section, the line of the first of these keys that is in the file.
std::size_t line_of(const conf::Lines& lines, const std::string& name) {
    for (const std::string_view key :
         {"", ".certificate", ".key", ".ca", ".crl", ".tls", ".syslog"}) {
        const auto found = lines.find(fmt::format("{}{}", name, key));
        if (found != lines.end()) return found->second;
    }
    return 1;
}

}  // namespace

std::vector<conf::Problem> file_problems(const conf::Settings& settings, const conf::Lines& lines) {
    std::vector<conf::Problem> problems;
    const auto attempt = [&](const std::string& name, const std::function<void()>& make) {
        try {
            make();
        } catch (const Error& error) {  // collected: the user gets all problems at once
            problems.push_back({line_of(lines, name), name, error.what()});
        }
    };
    for (std::size_t at = 0; at < settings.listeners.size(); ++at) {
        const auto& one = settings.listeners[at];
        if (one.certificate.empty()) continue;
        attempt(fmt::format("listener.{}", at + 1), [&] {
            (void)TlsContext::for_listener({one.certificate, one.key, one.ca, one.crl},
                                           ClientCertificates::off);
        });
    }
    for (const auto& one : settings.destinations) {
        if (!one.tls) continue;
        attempt("destination." + one.name, [&] {
            (void)TlsContext::for_calls({one.certificate, one.key, one.ca, one.crl});
        });
    }
    if (const auto& one = settings.service; !one.certificate.empty()) {
        attempt("service", [&] {
            (void)TlsContext::for_listener({one.certificate, one.key, one.ca, one.crl},
                                           ClientCertificates::asked);
        });
    }
    const auto& audit = settings.audit;
    if (audit.syslog.starts_with("tls://")) {
        attempt("audit", [&] {
            (void)TlsContext::for_calls({audit.certificate, audit.key, audit.ca, audit.crl},
                                        "audit");
        });
    }
    const auto& remote = settings.remote;
    if (remote.url.starts_with("https://")) {
        attempt("remote", [&] {
            (void)TlsContext::for_calls({remote.certificate, remote.key, remote.ca, remote.crl},
                                        "remote");
        });
    }
    const auto& password = remote.proxy_password_file;
    if (!password.empty() && is_at_hand(password)) {
        attempt("remote.proxy_password_file", [&] { (void)read_secret(password, 1); });
    }
    const auto& token = settings.admin.token_file;
    if (!token.empty() && !settings.admin.listen.empty() && is_at_hand(token)) {
        attempt("admin.token_file", [&] { (void)read_secret(token); });
    }
    return problems;
}

}  // namespace bucky
