// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/base/ids.h"
#include "conf/base/limits.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"

using namespace bucky;

TEST_CASE("a UID is digits and dots, and padding (PS3.5 6.2) is removed", "[conf][base]") {
    CHECK(Uid{std::string_view{"1.2.840.10008.1.1\0", 18}}.str() == "1.2.840.10008.1.1");
    CHECK(Uid{"1.2.840 "}.str() == "1.2.840");
    CHECK_THROWS_AS(Uid{""}, Error);
    CHECK_THROWS_AS(Uid{"1.2/../../etc"}, Error);
    CHECK_THROWS_AS(Uid{"1.2.840\n"}, Error);
    CHECK_NOTHROW(Uid{std::string(64, '1')});
    CHECK_THROWS_AS(Uid{std::string(65, '1')}, Error);
}

TEST_CASE("the same name gives the same UID, and another name gives another one", "[conf][base]") {
    const auto uid = Uid::from_name("study 1, model 2");
    CHECK(uid == Uid::from_name("study 1, model 2"));
    CHECK(uid != Uid::from_name("study 1, model 3"));
    CHECK(uid.str().rfind("2.25.", 0) == 0);
    CHECK(uid.str().size() <= 44);
    CHECK(uid.str()[5] != '0');
}

TEST_CASE("derived UIDs never change between releases", "[conf][base]") {
    // Computed once with another implementation (Python hashlib). A change here would give the
    // results of every archived study another UID.
    CHECK(Uid::from_name("pinned").str() == "2.25.70754136213850881398009051939371654268");
}

TEST_CASE("an AE title has 1 to 16 printable characters and no backslash", "[conf][base]") {
    CHECK(AeTitle{"  XRAY 1  "}.str() == "XRAY 1");
    CHECK_THROWS_AS(AeTitle{"   "}, Error);
    CHECK_THROWS_AS(AeTitle{"A\\B"}, Error);
    CHECK_THROWS_AS(AeTitle{"A\x1b[31m"}, Error);
    CHECK_THROWS_AS(AeTitle{"SEVENTEEN LETTERS"}, Error);
}

TEST_CASE("SHA-256 gives the values of FIPS 180-4", "[conf][base]") {
    CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a value from the network does not break its line in the log", "[conf][base]") {
    CHECK(log::escaped("ORTHANC") == "ORTHANC");
    CHECK(log::escaped("") == "\"\"");
    CHECK(log::escaped("a b") == "\"a b\"");
    CHECK(log::escaped("a\nfake=1\x1b[2J") == "\"a\\x0afake=1\\x1b[2J\"");
    CHECK(log::escaped(std::string(100'000, 'x')).size() < 2000);
}

TEST_CASE("control characters are written as bytes, and printable text unchanged", "[conf][base]") {
    CHECK(log::escaped("김수희 Zoë 𝛼") == "\"김수희 Zoë 𝛼\"");
    CHECK(log::escaped("a\xC2\x9B"
                       "2J") == "\"a\\xc2\\x9b2J\"");  // U+009B: CSI, the same as ESC [
    CHECK(log::escaped("a\x9B"
                       "2J") == "\"a\\x9b2J\"");                     // the same in Latin-1
    CHECK(log::escaped("a\u2028b") == "\"a\\xe2\\x80\\xa8b\"");      // a line separator of Unicode
    CHECK(log::escaped("\u202Efdp.") == "\"\\xe2\\x80\\xaefdp.\"");  // right-to-left override
    CHECK(log::escaped("\xC0\x8A") == "\"\\xc0\\x8a\"");             // an overlong LF
    CHECK(log::escaped("\xED\xA0\x80") == "\"\\xed\\xa0\\x80\"");    // half of a surrogate pair
    CHECK(log::escaped("cut \xEA\xB9") == "\"cut \\xea\\xb9\"");
}

TEST_CASE("each module of the log can have its own level, changed while the log is written",
          "[conf][base]") {
    const std::vector<ModuleLevel> modules{{"deliver", log::Level::debug},
                                           {"image", log::Level::error}};
    log::set_level(log::Level::warning, modules);
    CHECK(log::is_written(log::Level::debug, "deliver.sent"));
    CHECK_FALSE(log::is_written(log::Level::warning, "image.verdict"));
    CHECK(log::is_written(log::Level::error, "image.verdict"));
    CHECK_FALSE(log::is_written(log::Level::info, "delivery.other"));
    CHECK(log::is_written(log::Level::warning, "node"));
    CHECK_FALSE(log::is_written(log::Level::info, "node.ready"));
    log::set_level(log::Level::info);
    CHECK_FALSE(log::is_written(log::Level::debug, "deliver.sent"));
}

TEST_CASE("a flood of one warning is cut and counted, and other warnings are written",
          "[conf][base]") {
    const auto left_out = [] {
        const auto text = metrics::text();
        const std::string line = "bucky_limit_reached_total{limit=\"log\"} ";
        const auto at = text.find(line);
        return at == std::string::npos ? 0 : std::stoi(text.substr(at + line.size()));
    };
    const int before = left_out();
    for (int at = 0; at < limits::kLogLinesPerSecond; ++at) {
        log::event(log::Level::warning, "test.flood");
    }
    CHECK(left_out() == before);
    for (int at = 0; at < 1000; ++at) log::event(log::Level::warning, "test.flood");
    CHECK(left_out() >= before + 900);  // the next second may have begun
    const int flooded = left_out();
    log::event(log::Level::warning, "test.other");
    log::event("test.flood");  // other levels are not cut
    CHECK(left_out() == flooded);
}

TEST_CASE("a metric without a row is a bug, and one with a row is in the text", "[conf][base]") {
    metrics::count("bucky_images_total", {{"verdict", "findings"}});
    CHECK(metrics::text().find("bucky_images_total{verdict=\"findings\"}") != std::string::npos);
    CHECK_THROWS_AS(metrics::count("bucky_unheard_of_total"), Error);
    CHECK_THROWS_AS(metrics::set("bucky_images_total", 1), Error);  // a counter is not a gauge
}
