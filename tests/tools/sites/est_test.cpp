// SPDX-License-Identifier: Apache-2.0
// A site joins: an invitation, a key that stays with the site, a certificate by EST, its renewal
// and its end, over TLS against the model server.
#include "tools/bucky/sites/est.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/poll.h"
#include "tests/tools/sites/invites.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

HttpRequest enrolment(const std::string& key, const std::string& secret) {
    HttpRequest request{.method = "POST", .target = "/.well-known/est/simpleenroll"};
    request.fields = {{"Authorization", "Basic " + x509::base64("site:" + secret)},
                      {"Content-Type", "application/pkcs10"}};
    request.body = x509::base64(x509::make_request_der(key, "ignored"));
    return request;
}

/// What a site has on its disk after it joined.
Identity joined(Invites& service, const std::string& name) {
    const auto key = x509::make_key();
    HttpCaller stranger{service.served->port(), nullptr};
    const auto answer = stranger.ask(enrolment(key, service.invited(name)));
    REQUIRE(answer.status == 200);
    const Identity made{service.dir / (name + ".pem"), service.dir / (name + ".key")};
    std::ofstream{made.certificate} << x509::read_certs_only(answer.body).front();
    std::ofstream{made.key} << key;
    return made;
}

HttpRequest one_image() {
    return infer_request(slope(), {1, 1, 256, 256});
}

}  // namespace

TEST_CASE("an invited site gets a certificate and is served with it", "[sites][tls]") {
    Invites service;
    const auto site = joined(service, "clinic");
    CHECK(x509::read_certificate(text_of(site.certificate)).common_name == "clinic");
    HttpCaller caller{service.served->port(), &site};
    CHECK(caller.ask(one_image()).status == 200);
}

TEST_CASE("a token counts once, and not when it is wrong", "[sites][tls]") {
    Invites service;
    const auto secret = service.invited("clinic");
    const auto ask = [&](const std::string& key, const std::string& with) {
        return HttpCaller{service.served->port(), nullptr}.ask(enrolment(key, with));
    };
    const auto key = x509::make_key();
    CHECK(ask(key, "guess").status == 403);
    CHECK(ask(key, secret).status == 200);
    CHECK(ask(key, secret).status == 200);  // its answer was lost
    const auto second = ask(x509::make_key(), secret);
    CHECK(second.status == 403);
    CHECK_THAT(second.body, Catch::Contains("used before"));
    auto without = enrolment(key, secret);
    without.fields.clear();
    CHECK(HttpCaller(service.served->port(), nullptr).ask(without).status == 401);
}

TEST_CASE("the authority that a site asks for is the one that its invitation names",
          "[sites][tls]") {
    Invites service;
    const auto line = service.control().invite("clinic").line;
    CHECK_THAT(line, Catch::StartsWith("bucky join https://127.0.0.1:443 --token "));
    const auto token = read_token(line.substr(line.rfind(' ') + 1));
    HttpCaller stranger{service.served->port(), nullptr};
    const auto answer = stranger.ask({.target = "/.well-known/est/cacerts"});
    REQUIRE(answer.status == 200);
    const auto all = x509::read_certs_only(answer.body);
    REQUIRE(all.size() == 1);
    CHECK(x509::read_certificate(all[0]).sha256 == token.ca_sha256);
}

TEST_CASE("a site renews its certificate with the old one, and nobody else does", "[sites][tls]") {
    Invites service;
    const auto site = joined(service, "clinic");
    auto request = enrolment(x509::make_key(), "");
    request.target = "/.well-known/est/simplereenroll";
    HttpCaller caller{service.served->port(), &site};
    const auto answer = caller.ask(request);
    REQUIRE(answer.status == 200);
    CHECK(x509::read_certificate(x509::read_certs_only(answer.body)[0]).common_name == "clinic");
    HttpCaller stranger{service.served->port(), nullptr};
    CHECK(stranger.ask(request).status == 401);
}

TEST_CASE("a revoked site is refused in words on the connection that it has, and cannot renew",
          "[sites][tls]") {
    Invites service;
    const auto site = joined(service, "leaver");
    const auto other = joined(service, "stayer");
    HttpCaller one{service.served->port(), &site}, two{service.served->port(), &other};
    CHECK(one.ask(one_image()).status == 200);
    CHECK(service.control().revoke("leaver") == 1);
    HttpAnswer last;
    CHECK(poll_until(
        [&] {  // the list is looked at every 10 ms here
            last = one.ask({});
            return last.status == 403;
        },
        10s));
    CHECK_THAT(last.body, Catch::Contains("has been revoked"));
    auto renewal = enrolment(x509::make_key(), "");
    renewal.target = "/.well-known/est/simplereenroll";
    CHECK(HttpCaller(service.served->port(), &site).ask(renewal).status == 401);
    CHECK(two.ask(one_image()).status == 200);
    const auto again = joined(service, "leaver");
    CHECK(HttpCaller(service.served->port(), &again).ask(one_image()).status == 200);
}

TEST_CASE("what is no request for a certificate is refused, and the service goes on",
          "[sites][tls]") {
    Invites service;
    auto request = enrolment(x509::make_key(), service.invited("clinic"));
    for (const auto* body : {"***", "AAAA", "-----BEGIN CERTIFICATE REQUEST-----"}) {
        request.body = body;
        CHECK(HttpCaller(service.served->port(), nullptr).ask(request).status == 403);
    }
    request.body.assign(20'000, 'A');
    CHECK(HttpCaller(service.served->port(), nullptr).ask(request).status == 413);
    CHECK(HttpCaller(service.served->port(), nullptr)
              .ask({.target = "/.well-known/est/simpleenroll"})
              .status == 405);
    CHECK_THROWS_WITH(service.control().invite("Kim's clinic"), Catch::Contains("a site's name"));
    CHECK_THROWS_WITH(read_token("short"), Catch::Contains("no token"));
}
