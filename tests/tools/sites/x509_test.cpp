// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/x509.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using bucky::test::run;
using bucky::test::TempDir;

namespace {

constexpr std::int64_t kNowS = 1'795'444'200;

std::string file_with(const TempDir& dir, const std::string& name, const std::string& text) {
    std::ofstream{dir / name, std::ios::binary} << text;
    return (dir / name).string();
}

}  // namespace

TEST_CASE("openssl verifies a certificate of our authority and reads what it may be used for",
          "[sites]") {
    const TempDir dir;
    const auto authority = x509::make_authority("Sites of ai.example", kNowS, 7300);
    const auto key = x509::make_key();
    const auto request = x509::make_request_der(key, "whatever");
    const auto made =
        x509::issue(authority, request, {.common_name = "clinic", .now_s = kNowS, .days = 90});
    const auto ca = file_with(dir, "ca.pem", authority.certificate);
    const auto certificate = file_with(dir, "site.pem", made.certificate);
    const auto verified =
        run({"openssl", "verify", "-x509_strict", "-attime", std::to_string(kNowS), "-purpose",
             "sslclient", "-CAfile", ca, certificate});
    CHECK(verified.status == 0);
    INFO(verified.output);
    CHECK(run({"openssl", "verify", "-attime", std::to_string(kNowS), "-purpose", "sslserver",
               "-CAfile", ca, certificate})
              .status != 0);
    const auto text = run({"openssl", "x509", "-in", certificate, "-noout", "-text"}).output;
    CHECK_THAT(text, Catch::Contains("Subject: CN = clinic") && Catch::Contains("P-256") &&
                         Catch::Contains("TLS Web Client Authentication"));
    const auto read = x509::read_certificate(made.certificate);
    CHECK(read.common_name == "clinic");
    CHECK(read.serial == made.serial);
    CHECK(read.until_s == kNowS + 90 * 86400);
}

TEST_CASE("openssl reads our revocation list, and finds the revoked certificate in it", "[sites]") {
    const TempDir dir;
    const auto authority = x509::make_authority("Sites", kNowS, 7300);
    const auto request = x509::make_request_der(x509::make_key(), "x");
    const auto made =
        x509::issue(authority, request, {.common_name = "clinic", .now_s = kNowS, .days = 90});
    const std::vector<x509::Revoked> revoked{{made.serial, kNowS}};
    const auto list =
        file_with(dir, "crl.pem", x509::revocation_list(authority, revoked, kNowS, 30));
    const auto ca = file_with(dir, "ca.pem", authority.certificate);
    const auto certificate = file_with(dir, "site.pem", made.certificate);
    const auto verified = run({"openssl", "verify", "-crl_check", "-attime", std::to_string(kNowS),
                               "-CRLfile", list, "-CAfile", ca, certificate});
    CHECK(verified.status != 0);
    CHECK_THAT(verified.output, Catch::Contains("certificate revoked"));
}

TEST_CASE("a message of certificates is read by openssl and by us", "[sites]") {
    const TempDir dir;
    const auto authority = x509::make_authority("Sites", kNowS, 7300);
    const auto message = x509::certs_only(std::vector<std::string>{authority.certificate});
    const auto der = file_with(dir, "certs.p7", x509::from_base64(message));
    const auto read = run({"openssl", "pkcs7", "-inform", "DER", "-in", der, "-print_certs"});
    CHECK_THAT(read.output, Catch::Contains("BEGIN CERTIFICATE"));
    CHECK(x509::read_certs_only(message) == std::vector<std::string>{authority.certificate});
}

TEST_CASE("a request that is none, forged or of a weak key is refused in words", "[sites]") {
    auto request = x509::make_request_der(x509::make_key(), "x");
    CHECK(x509::read_request(request).key_sha256.size() == 64);
    CHECK_THROWS_WITH(x509::read_request("nothing"), Catch::Contains("no certificate request"));
    request.back() = static_cast<char>(request.back() ^ 1);
    CHECK_THROWS_AS(x509::read_request(request), Error);
    const TempDir dir;
    const auto weak = (dir / "weak.der").string();
    REQUIRE(run({"openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout",
                 (dir / "weak.key").string(), "-subj", "/CN=x", "-outform", "DER", "-out", weak})
                .status == 0);
    std::ifstream in{weak, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
    CHECK_THROWS_WITH(x509::read_request(bytes), Catch::Contains("RSA of 3072"));
}

TEST_CASE("base64 comes back, and what is none is refused", "[sites]") {
    for (const auto* text : {"", "a", "ab", "abc", "abcd"}) {
        CHECK(x509::from_base64(x509::base64(text)) == text);
    }
    CHECK(x509::from_base64("YW\r\nJj") == "abc");
    CHECK_THROWS_WITH(x509::from_base64("***"), Catch::Contains("no base64"));
    CHECK(x509::random_token().size() == 32);
    CHECK(x509::random_token() != x509::random_token());
}
