// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tests/conf/file/folder.h"

using namespace bucky::conf;
using namespace bucky::test;

namespace {

/// What the reader says about a config with this [service].
std::string said_of(const std::string& service, const std::string& before = "") {
    const Folder folder;
    try {
        (void)read_settings_text(before + std::string{kSmallest} + "\n[service]\n" + service,
                                 folder.file());
    } catch (const ConfigError& error) {  // the words are the subject of these tests
        return error.what();
    }
    return "good";
}

}  // namespace

TEST_CASE("a model server that other machines can reach has a certificate", "[conf][service]") {
    CHECK(said_of("listen = \"127.0.0.1:0\"") == "good");
    CHECK_THAT(said_of("listen = \"0.0.0.0:443\""), Catch::Contains("needs service.certificate"));
    CHECK(said_of("listen = \"0.0.0.0:443\"\nsites = true\nurl = \"https://ai.example\"") ==
          "good");
    CHECK_THAT(said_of("listen = \"0.0.0.0:443\"\nsites = true"),
               Catch::Contains("the address that invitations name"));
}

TEST_CASE("a header that names the site counts only where no caller can send it",
          "[conf][service]") {
    CHECK(said_of("listen = \"127.0.0.1:0\"\ncertificate_header = \"X-Site\"") == "good");
    CHECK_THAT(said_of("listen = \"127.0.0.1:0\"\ncertificate_header = \"X-Site\"\nsites = true\n"
                       "url = \"https://ai.example\""),
               Catch::Contains("callers could set it themselves"));
}

TEST_CASE("a node that only serves models needs no DICOM port", "[conf][service]") {
    const std::string no_port = "scp.plain = false\n";
    CHECK(said_of("listen = \"127.0.0.1:0\"", no_port) == "good");
    CHECK_THAT(said_of("", no_port), Catch::Contains("would accept no caller"));
}

TEST_CASE("an address of a service is https with a host", "[conf][service]") {
    for (const auto* url : {"http://ai.example", "https://", "https://a b", "https://x/path"}) {
        CHECK_THAT(said_of("url = \"" + std::string{url} + '"'), Catch::Contains("service.url"));
    }
    CHECK(said_of("url = \"https://10.1.2.3:8443\"") == "good");
}
