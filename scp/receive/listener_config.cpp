// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/listener_config.h"

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/endpoint.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"

namespace bucky::scp {
namespace {

constexpr std::int64_t kDayS = 24 * 3600;
constexpr std::int64_t kWarnBeforeS = 30 * kDayS;

/// An expired certificate stops every sender at once.
void tell_expiry(const TlsContext& tls, const std::string& listener) {
    const std::int64_t left_s = tls.expires_s() - SystemClock{}.now_ms() / 1000;
    metrics::set("bucky_certificate_expires_timestamp_seconds",
                 static_cast<double>(tls.expires_s()), {{"listener", listener}});
    log::event(left_s < kWarnBeforeS ? log::Level::warning : log::Level::info,
               "listener.certificate",
               {{"listener", listener},
                {"subject", tls.subject()},
                {"expires", iso_utc(tls.expires_s() * 1000)},
                {"days_left", left_s / kDayS}});
}

ListenerRow row_of(const conf::ScpSettings& scp) {
    ListenerRow made{.told = {}, .section = "scp"};
    made.told.listen = scp.listen;
    made.told.port = scp.port;
    made.told.users = scp.users;
    return made;
}

ListenerRow row_of(const conf::WebSettings& web) {
    ListenerRow made{.told = {}, .section = "web", .is_web = true, .tokens = web.tokens};
    const auto endpoint = conf::parse_endpoint(web.listen);
    if (!endpoint) throw Error(Fault::bad_input, "web.listen {} is no address", web.listen);
    made.told.listen = endpoint->address();
    made.told.port = endpoint->port;
    made.told.certificate = web.certificate;
    made.told.key = web.key;
    made.told.client_certificates = web.client_certificates;
    made.told.ca = web.ca;
    made.told.crl = web.crl;
    return made;
}

}  // namespace

std::vector<ListenerRow> listener_rows(const conf::Settings& settings) {
    std::vector<ListenerRow> all;
    if (settings.scp.plain) all.push_back(row_of(settings.scp));
    for (const auto& told : settings.listeners) all.push_back({.told = told});
    if (!settings.web.listen.empty()) all.push_back(row_of(settings.web));
    return all;
}

std::shared_ptr<const ListenerConfig> make_listener_config(const ListenerRow& row) {
    const auto& listener = row.told;
    auto made = std::make_shared<ListenerConfig>();
    made->is_web = row.is_web;
    if (!row.tokens.empty()) made->tokens = std::make_shared<WebTokens>(row.tokens);
    made->name = fmt::format("{} port {}", listener.listen, listener.port);
    if (!listener.users.empty()) made->users = std::make_shared<Users>(listener.users);
    if (listener.certificate.empty()) return made;
    const auto asked = listener.client_certificates;
    TlsFiles files{listener.certificate, listener.key, {}, {}};
    if (asked != ClientCertificates::off) {
        files.ca = listener.ca;
        files.crl = listener.crl;
    }
    made->tls = TlsContext::for_listener(files, asked);
    tell_expiry(*made->tls, made->name);
    return made;
}

}  // namespace bucky::scp
