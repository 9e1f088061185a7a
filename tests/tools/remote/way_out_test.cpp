// SPDX-License-Identifier: Apache-2.0
// The way from a site to its service: certificates, a proxy, an address, and weights that are
// fetched.
#include <filesystem>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tests/support/test_pki.h"
#include "tests/tools/remote/remote_site.h"
#include "tools/bucky/remote/remote_model.h"

using namespace bucky;
using namespace bucky::test;
using nlohmann::json;
using Site = RemoteSite;
using namespace std::chrono_literals;

TEST_CASE("both sides show certificates", "[tools][remote][tls]") {
    const auto& node = pki().node();
    const auto ca = pki().authority.certificate();
    Site site{{"--tls", node.certificate.string(), node.key.string(), ca.string()}};
    site.settings.ca = ca;
    site.settings.certificate = pki().xray1().certificate;
    site.settings.key = pki().xray1().key;
    SECTION("the right ones") {
        CHECK(site.model().device() == "remote: localhost");
        CHECK_NOTHROW(site.model().run(spots_input(0.5F)));
    }
    SECTION("none of the site's") {
        site.settings.certificate = site.settings.key = "";
        CHECK_THAT(site.words_of_run(), Catch::Contains(site.server.url()));
    }
    SECTION("an expired one of the site's") {
        site.settings.certificate = pki().expired().certificate;
        site.settings.key = pki().expired().key;
        CHECK_THAT(site.words_of_run(), Catch::Contains(site.server.url()));
    }
    SECTION("a service of another authority") {
        site.settings.ca = pki().stranger.certificate();
        CHECK_THAT(site.words_of_run(), Catch::Contains("certificate"));
    }
    SECTION("no authority named: the system's do not know it") {
        site.settings.ca = "";
        CHECK_THAT(site.words_of_run(), Catch::Contains("certificate"));
    }
    CHECK(site.seen()["refused"] == 0);
}

TEST_CASE("a service under another name is refused", "[tools][remote][tls]") {
    const auto& elsewhere = pki().elsewhere();
    const auto ca = pki().authority.certificate();
    Site site{{"--tls", elsewhere.certificate.string(), elsewhere.key.string(), ca.string()}};
    site.settings.ca = ca;
    site.settings.certificate = pki().xray1().certificate;
    site.settings.key = pki().xray1().key;
    CHECK_THAT(site.words_of_run(), Catch::Contains("localhost"));
}

TEST_CASE("the way out leads through a proxy with a password, and by the address that is named",
          "[tools][remote]") {
    ConnectProxy proxy{"bucky", "open sesame"};
    Site site;
    const auto password = site.dir / "password";
    const auto keep = [&](const std::string& words) {
        std::ofstream{password} << words << '\n';
        std::filesystem::permissions(
            password, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    };
    keep("open sesame");
    site.settings.proxy = proxy.url();
    site.settings.proxy_user = "bucky";
    site.settings.proxy_password_file = password;
    SECTION("through the proxy") {
        check_equal(site.model().run(spots_input(0.5F)), spots_answer(spots_input(0.5F)));
        CHECK(proxy.process().wait_for_line(
            "tunnel 127.0.0.1:" + std::to_string(site.server.port()), 10s));
    }
    SECTION("with a wrong password") {
        keep("open barley");
        CHECK_THAT(site.words_of_run(), Catch::Contains("407"));
        CHECK(site.seen()["connections"] == 0);
    }
    SECTION("without the file: said at once") {
        site.settings.proxy_password_file = (site.dir / "none").string();
        CHECK_THAT(site.words_of_run<Error>(), Catch::Contains("none"));
    }
    SECTION("by another address") {
        site.settings.proxy = site.settings.proxy_user = site.settings.proxy_password_file = "";
        site.settings.address = "127.0.0.7";
        (void)site.model();
        CHECK(site.seen()["addresses"] == json{"127.0.0.7"});
    }
}

TEST_CASE("weights are fetched from the service, and only those of the package",
          "[tools][remote]") {
    TempDir kept;
    const auto weights = kept / "weights.ts";
    std::ofstream{weights} << "no real weights";
    Site site{{"--weights", weights.string(), "--hand-out"}};
    const auto package = inference::read_package(site.dir / "spots");
    CHECK_THAT(Site::words_of<Error>([&] { (void)fetch_weights(package, site.settings); }),
               Catch::Contains("gave the weights") && Catch::Contains("must be aaaa"));
    auto right = package;
    right.identity.sha256 = run({"sha256sum", weights.string()}).output.substr(0, 64);
    CHECK(fetch_weights(right, site.settings) == "no real weights");
}
