// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/certificate_watch.h"

#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "scp/wire/start.h"
#include "tests/support/test_pki.h"

using namespace bucky;
using Catch::Contains;

TEST_CASE("the end of each certificate that the node shows to others is a metric", "[tools]") {
    scp::start_wire();
    const auto& ours = test::pki().xray1();
    conf::Settings settings;
    conf::DestinationSettings pacs;
    pacs.name = "pacs-with-certificate";
    pacs.tls = true;
    pacs.certificate = ours.certificate;
    pacs.key = ours.key;
    settings.destinations = {pacs};
    settings.destinations.push_back(pacs);
    settings.destinations.back().name = "pacs-that-is-not-asked";
    settings.destinations.back().tls = false;
    settings.destinations.push_back(pacs);
    settings.destinations.back().name = "pacs-without-file";
    settings.destinations.back().certificate = "/nonexistent";
    settings.remote.url = "https://ai.example";
    settings.remote.certificate = ours.certificate;
    settings.remote.key = ours.key;
    tell_own_certificates(settings);
    const auto text = metrics::text();
    for (const auto* name : {"pacs-with-certificate", "[remote]"}) {
        CHECK_THAT(text, Contains("bucky_certificate_expires_timestamp_seconds{destination=\"" +
                                  std::string{name} + "\"} "));
    }
    CHECK_THAT(text, !Contains("pacs-that-is-not-asked") && !Contains("pacs-without-file"));
}

TEST_CASE("a certificate that ends soon, or cannot be read, is a trouble of its section",
          "[tools]") {
    scp::start_wire();
    const auto& ours = test::pki().xray1();
    conf::Settings settings;
    auto& listener = settings.listeners.emplace_back();
    listener.certificate = ours.certificate;
    listener.key = ours.key;
    const auto end_ms =
        scp::TlsContext::for_calls({ours.certificate, ours.key, {}, {}})->expires_s() * 1000;
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    CHECK(certificate_troubles(settings, end_ms - 22 * kDayMs).empty());
    const auto soon = certificate_troubles(settings, end_ms - 20 * kDayMs);
    REQUIRE(soon.size() == 1);
    CHECK(soon[0].concern == Concern::certificate);
    CHECK(soon[0].about == "listener.1");
    CHECK_THAT(soon[0].words, Contains("renew " + ours.certificate.string()));
    settings.status.certificate_days = 7;
    CHECK(certificate_troubles(settings, end_ms - 20 * kDayMs).empty());
    listener.certificate = "/nonexistent";
    CHECK(certificate_troubles(settings, 0).size() == 1);
}
