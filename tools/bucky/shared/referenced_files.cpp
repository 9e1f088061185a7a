// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/referenced_files.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "scp/wire/tls_context.h"
#include "tools/bucky/shared/secret.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using scp::TlsContext;

/// A TLS context that is read without a fault may still be refused by everybody.
void check_dates(const TlsContext& tls, const fs::path& certificate, const fs::path& crl,
                 std::int64_t now_s) {
    if (tls.expires_s() != 0 && tls.expires_s() < now_s) {
        throw Error(Fault::bad_input,
                    "the certificate {} expired on {}: put a new one in its place",
                    certificate.string(), iso_utc(tls.expires_s() * 1000));
    }
    if (tls.lists_end_s() != 0 && tls.lists_end_s() < now_s) {
        throw Error(Fault::bad_input,
                    "the revocation list {} is out of date since {}: every certificate is refused "
                    "until the authority's new list is there",
                    crl.string(), iso_utc(tls.lists_end_s() * 1000));
    }
}

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
    const std::int64_t now_s = SystemClock{}.now_ms() / 1000;
    const auto of_calls = [&](const auto& one, const std::string& section) {
        const auto tls =
            TlsContext::for_calls({one.certificate, one.key, one.ca, one.crl}, section);
        check_dates(*tls, one.certificate, one.crl, now_s);
    };
    const auto of_listener = [&](const auto& one, ClientCertificates asked) {
        const auto tls =
            TlsContext::for_listener({one.certificate, one.key, one.ca, one.crl}, asked);
        check_dates(*tls, one.certificate, one.crl, now_s);
    };
    for (std::size_t at = 0; at < settings.listeners.size(); ++at) {
        const auto& one = settings.listeners[at];
        if (one.certificate.empty()) continue;
        attempt(fmt::format("listener.{}", at + 1),
                [&] { of_listener(one, ClientCertificates::off); });
    }
    if (const auto& one = settings.web; !one.certificate.empty()) {
        attempt("web", [&] { of_listener(one, ClientCertificates::off); });
    }
    for (const auto& one : settings.destinations) {
        for (const auto* secret : {&one.token_file, &one.client_secret_file}) {
            if (secret->empty() || !is_at_hand(*secret)) continue;
            attempt("destination." + one.name, [&] { (void)read_secret(*secret, 1); });
        }
        if (!one.tls && !one.url.starts_with("https://")) continue;
        attempt("destination." + one.name, [&] { of_calls(one, "destination"); });
    }
    for (const auto& one : settings.archives) {
        if (!one.tls) continue;
        attempt("archive." + one.name, [&] { of_calls(one, "archive"); });
    }
    if (const auto& one = settings.service; !one.certificate.empty()) {
        attempt("service", [&] { of_listener(one, ClientCertificates::asked); });
    }
    const auto& audit = settings.audit;
    if (audit.syslog.starts_with("tls://")) {
        attempt("audit", [&] { of_calls(audit, "audit"); });
    }
    const auto& remote = settings.remote;
    if (remote.url.starts_with("https://")) {
        attempt("remote", [&] { of_calls(remote, "remote"); });
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
