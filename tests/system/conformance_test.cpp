// SPDX-License-Identifier: Apache-2.0
// The Conformance Statement agrees with the configuration and with what the node accepts.
#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace bucky::test;

namespace {

/// The statement of a config that begins with `begin`.
std::string statement_of(const TempDir& dir, const std::string& begin) {
    const auto config = dir / "bucky.toml";
    std::ofstream{config} << begin << "[inference]\nmodels = [\"" << phantom_model().string()
                          << "\"]\n";
    const auto said = run({bucky_program().string(), "conformance", "--config", config.string()});
    INFO(said.output);
    REQUIRE(said.status == 0);
    return said.output;
}

bool has(const std::string& statement, const std::string& words) {
    return statement.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("docs/conformance.md is the statement of the example configuration",
          "[system][conformance]") {
    const auto said = run({bucky_program().string(), "manual", "conformance.md"});
    REQUIRE(said.status == 0);
    std::ifstream in(std::string{BUCKY_SOURCE_DIR} + "/docs/conformance.md", std::ios::binary);
    const std::string kept{std::istreambuf_iterator<char>{in}, {}};
    INFO("renew it: bucky manual conformance.md >docs/conformance.md");
    CHECK(kept == said.output);
}

TEST_CASE(
    "the conformance statement claims a security profile where it is switched on, and only "
    "there",
    "[system][conformance]") {
    const TempDir dir;
    const std::string profile = "TLS Secure Transport Connection Profile";
    const auto plain = statement_of(dir, "");
    CHECK_FALSE(has(plain, profile));
    CHECK(has(plain, "No secure transport connection profile of PS3.15 is claimed"));
    CHECK(has(plain, "Any calling AE title is taken"));
    CHECK_FALSE(has(plain, "User Identity Negotiation"));

    const auto file = dir / "any.pem";
    std::ofstream{file} << "a file that is there\n";
    const auto pem = '"' + file.string() + "\"\n";
    const auto secured = statement_of(
        dir,
        "[scp]\nplain = false\n[[listener]]\nport = 2762\ncertificate = " + pem + "ca = " + pem +
            "crl = " + pem + "users = " + pem +
            "[[peer]]\nae_title = \"XRAY1\"\n"
            "[[destination]]\nname = \"far\"\nae_title = \"FAR\"\nhost = \"pacs.example\"\n"
            "tls = true\n"
            "[[destination]]\nname = \"near\"\nae_title = \"NEAR\"\nhost = \"pacs2.example\"\n");
    INFO(secured);
    CHECK(has(secured, "BCP 195 RFC 8996, 9325 " + profile + " (PS3.15 B.12"));
    CHECK(has(secured,
              "| 0.0.0.0 port 2762, as acceptor | both sides show certificates; revoked "
              "ones are refused; callers give a user name and passcode |"));
    CHECK(has(secured,
              "| far, as requestor | its certificate must bear pacs.example; we show none |"));
    CHECK_FALSE(has(secured, "| near, as requestor"));
    CHECK(has(secured, "| Listens on | 0.0.0.0 port 2762 with TLS |"));  // the plain port is closed
    CHECK(has(secured, "User Identity Negotiation"));
    CHECK(has(secured, "by the 1 rules"));
}

TEST_CASE("the conformance statement tells this configuration, in the outline of PS3.2",
          "[system][conformance]") {
    const TempDir dir;
    const auto config = dir / "bucky.toml";
    std::ofstream{config} << "[node]\nae_title = \"SECONDLOOK\"\n[scp]\nport = 10104\n"
                          << "[inference]\nmodels = [\"" << phantom_model().string() << "\"]\n"
                          << "[[destination]]\nname = \"archive\"\nae_title = \"ARCHIVE\"\n"
                          << "host = \"pacs.example\"\ncommitment = true\nsend = [\"sr\"]\n";
    const auto said = run({bucky_program().string(), "conformance", "--config", config.string()});
    INFO(said.output);
    REQUIRE(said.status == 0);
    for (const auto* words :
         {"## 1 Conformance statement overview", "### 4.2 AE specifications",
          "## 5 Media interchange", "## 6 Support of character sets", "## 7 Security",
          "`SECONDLOOK`", "port 10104", "SECONDLOOK only", "ARCHIVE at pacs.example port 104",
          "| Digital X-Ray Image - For Presentation | 1.2.840.10008.5.1.4.1.1.1.1 | where",
          "| CT Image | 1.2.840.10008.5.1.4.1.1.2 | kept", "1.2.840.10008.1.2.4.90",
          "| Comprehensive 3D SR | 1.2.840.10008.5.1.4.1.1.88.34 |", "| A700 | the disk",
          "Storage commitment is asked for"}) {
        INFO(words);
        CHECK(said.output.find(words) != std::string::npos);
    }
    CHECK(said.output.find("| Secondary Capture |") == std::string::npos);  // only "sr" is sent
}
