// SPDX-License-Identifier: Apache-2.0
// Which certificates the model server lets in, and what it says to the others.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "scp/wire/start.h"
#include "tests/support/test_pki.h"
#include "tests/tools/service/served.h"

using namespace bucky;
using namespace bucky::test;

namespace {

conf::ServiceSettings with_tls() {
    static const bool started = (scp::start_wire(), true);
    (void)started;
    auto told = plain_service();
    told.certificate = pki().node().certificate;
    told.key = pki().node().key;
    told.ca = pki().authority.certificate();
    told.crl = pki().crl();
    return told;
}

HttpRequest one_image() {
    return infer_request(slope(), {1, 1, 256, 256});
}

std::string refused(const Served& served, const Identity* identity, int status) {
    HttpCaller site{served.port(), identity};
    const auto answer = site.ask(one_image());
    CHECK(answer.status == status);
    CHECK_FALSE(answer.stays);
    return nlohmann::json::parse(answer.body, nullptr, false).value("error", answer.body);
}

}  // namespace

TEST_CASE("a site with a certificate of the authority is served over TLS", "[service][tls]") {
    const Served served{with_tls()};
    HttpCaller site{served.port(), &pki().xray1()};
    CHECK(site.ask(one_image()).status == 200);
    CHECK(site.ask(one_image()).status == 200);
}

TEST_CASE("a caller whose certificate does not count is told why", "[service][tls]") {
    const Served served{with_tls()};
    CHECK_THAT(refused(served, nullptr, 401), Catch::Contains("wants a certificate"));
    CHECK_THAT(refused(served, &pki().expired(), 403), Catch::Contains("has expired"));
    CHECK_THAT(refused(served, &pki().revoked(), 403), Catch::Contains("has been revoked"));
    CHECK_THAT(refused(served, &pki().unknown(), 403),
               Catch::Contains("of no authority in service.ca"));
    CHECK_THAT(refused(served, &pki().self_signed(), 403), Catch::Contains("signed by itself"));
}

TEST_CASE("whether the server lives is told without a certificate", "[service][tls]") {
    const Served served{with_tls()};
    HttpCaller proxy{served.port(), nullptr};
    CHECK(proxy.ask({.target = "/v2/health/ready"}).status == 200);
}

TEST_CASE("a certificate that is revoked meanwhile is refused at the next request",
          "[service][tls]") {
    Authority authority;
    const auto leaver = authority.issue("leaver");
    const auto stayer = authority.issue("stayer");
    auto told = with_tls();
    told.ca = authority.certificate();
    told.crl = authority.revocation_list();
    Served served{told};
    HttpCaller one{served.port(), &leaver}, other{served.port(), &stayer};
    CHECK(one.ask(one_image()).status == 200);
    CHECK(other.ask(one_image()).status == 200);
    authority.revoke(leaver);
    (void)authority.revocation_list();
    served.service.prepare(told)();
    const auto answer = one.ask(one_image());
    CHECK(answer.status == 403);
    CHECK_THAT(answer.body, Catch::Contains("has been revoked"));
    CHECK(other.ask(one_image()).status == 200);
}
