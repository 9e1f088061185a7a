// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/listener_config.h"

#include "conf/base/clock.h"
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

}  // namespace

std::shared_ptr<const ListenerConfig> make_listener_config(const conf::ListenerSettings& listener) {
    auto made = std::make_shared<ListenerConfig>();
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
