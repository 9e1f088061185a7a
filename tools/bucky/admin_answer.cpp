// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin_answer.h"

#include <utility>

#include <fmt/ranges.h>

#include "conf/base/metrics.h"
#include "tools/bucky/secret.h"

namespace bucky::admin {
namespace {

namespace http = boost::beast::http;

Response answered(const Request& request, http::status status, std::string body) {
    Response response{status, request.version()};
    response.set(http::field::content_type, "text/plain; charset=utf-8");
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(false);
    response.body() = std::move(body);
    return response;
}

bool may_see(const Request& request, const Asked& asked) {
    if (asked.token.empty()) return true;
    const auto header = request[http::field::authorization];
    return shows_token({header.data(), header.size()}, asked.token);
}

}  // namespace

Response answer(const Request& request, const Asked& asked) {
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
        auto response = answered(request, http::status::method_not_allowed, "GET or HEAD\n");
        response.set(http::field::allow, "GET, HEAD");
        return response;
    }
    const std::string_view target{request.target().data(), request.target().size()};
    if (target == "/healthz") return answered(request, http::status::ok, "alive\n");
    if (target == "/readyz") {
        const auto reasons = asked.not_ready();
        if (reasons.empty()) return answered(request, http::status::ok, "ready\n");
        return answered(request, http::status::service_unavailable,
                        fmt::format("{}\n", fmt::join(reasons, "\n")));
    }
    if (!may_see(request, asked)) {
        auto response = answered(request, http::status::unauthorized, "a token is needed\n");
        response.set(http::field::www_authenticate, R"(Basic realm="bucky", charset="UTF-8")");
        return response;
    }
    if (target == "/metrics") {
        auto response = answered(request, http::status::ok, metrics::text());
        response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        return response;
    }
    return answered(request, http::status::not_found, "/healthz, /readyz or /metrics\n");
}

}  // namespace bucky::admin
