// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/admin_answer.h"

#include <string_view>
#include <utility>

#include <fmt/ranges.h>

#include "conf/endpoint.h"
#include "conf/observe/audit.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/admin/status_page.h"
#include "tools/bucky/shared/secret.h"

namespace bucky::admin {
namespace {

namespace http = boost::beast::http;

Response answered(const Request& request, http::status status, std::string body) {
    Response response{status, request.version()};
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.keep_alive(false);
    response.body() = std::move(body);
    return response;
}

bool may_see(const Request& request, const Asked& asked) {
    if (asked.token.empty()) return true;
    const auto header = request[http::field::authorization];
    return shows_token({header.data(), header.size()}, asked.token);
}

void audit_refusal(const std::string& from) {
    audit::tell({.kind = audit::Kind::not_let_in,
                 .outcome = audit::Outcome::minor_failure,
                 .words = "no token, or a wrong one, at the admin interface",
                 .peer_address = from});
}

/// Only the pages are audited, neither its script's requests every few seconds nor Prometheus,
/// which learns nothing of any study.
void audit_look(const std::string& from, std::string_view target) {
    if (target != "/" && target != "/fleet") return;
    audit::tell({.kind = audit::Kind::asked, .peer_address = from, .path = std::string{target}});
}

/// The host of "127.0.0.1:8090" or "[::1]".
std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
    return host.substr(0, host.find(':'));
}

/// The Host is a name that is not ours: the request comes from a stranger's page in a browser here.
bool is_misled(const Request& request, const Asked& asked) {
    const auto header = request[http::field::host];
    const auto host = without_port({header.data(), header.size()});
    return asked.token.empty() && !host.empty() && !conf::is_ip_address(host) &&
           !conf::is_loopback(host);
}

Response page(const Request& request, const PageFile& file) {
    auto response = answered(request, http::status::ok, std::string{file.body});
    response.set(http::field::content_type, std::string{file.type});
    response.set("Content-Security-Policy",
                 "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                 "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response.set("Referrer-Policy", "no-referrer");
    return response;
}

/// The reasons require the token: they may name a path.
Response readiness(const Request& request, const Asked& asked) {
    const auto reasons = asked.not_ready();
    if (reasons.empty()) return answered(request, http::status::ok, "ready\n");
    return answered(request, http::status::service_unavailable,
                    may_see(request, asked) ? fmt::format("{}\n", fmt::join(reasons, "\n"))
                                            : "not ready; with the token this says why\n");
}

/// Answers that require the token.
Response tell(const Request& request, const Asked& asked, std::string_view target) {
    if (target == "/metrics") {
        auto response = answered(request, http::status::ok, metrics::text());
        response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        return response;
    }
    if (target == "/status.json" && asked.status) {
        auto response = answered(request, http::status::ok, asked.status());
        response.set(http::field::content_type, "application/json");
        return response;
    }
    if (target == "/fleet.json" && asked.fleet) {
        auto response = answered(request, http::status::ok, asked.fleet());
        response.set(http::field::content_type, "application/json");
        return response;
    }
    for (const auto& file : page_files()) {
        if (file.path == target) return page(request, file);
    }
    return answered(request, http::status::not_found,
                    "/, /status.json, /metrics, /healthz or /readyz\n");
}

}  // namespace

bool is_about_health(const Request& request) {
    return request.target() == "/healthz" || request.target() == "/readyz";
}

Response busy(const Request& request) {
    auto response = answered(request, http::status::service_unavailable, "too many ask at once\n");
    response.set(http::field::retry_after, "1");
    return response;
}

Response answer(const Request& request, const Asked& asked, const std::string& from) {
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        auto response = answered(request, http::status::method_not_allowed, "GET or HEAD\n");
        response.set(http::field::allow, "GET, HEAD");
        return response;
    }
    const std::string_view target{request.target().data(), request.target().size()};
    if (target == "/healthz") return answered(request, http::status::ok, "alive\n");
    if (target == "/readyz") return readiness(request, asked);
    if (!may_see(request, asked)) {
        audit_refusal(from);
        auto response = answered(request, http::status::unauthorized, "a token is needed\n");
        response.set(http::field::www_authenticate, R"(Basic realm="bucky", charset="UTF-8")");
        return response;
    }
    if (is_misled(request, asked)) {
        return answered(request, http::status::misdirected_request,
                        "ask by address or as localhost, or set admin.token_file\n");
    }
    audit_look(from, target);
    return tell(request, asked, target);
}

}  // namespace bucky::admin
