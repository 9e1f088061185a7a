// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/fleet/fleet.h"

#include <functional>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"

using namespace bucky;

namespace {

constexpr std::int64_t kMinuteMs = 60'000, kDayMs = 24 * 60 * kMinuteMs;
constexpr std::int64_t kNowMs = 1'795'000'000'000;

Heartbeat healthy(std::int64_t now_ms = kNowMs) {
    Heartbeat told;
    told.version = "2.0";
    told.config_sha256 = "ab";
    told.now_ms = now_ms;
    told.since_ms = 7;
    told.certificate_until_ms = now_ms + 60 * kDayMs;
    told.models = {{.name = "cxr", .version = "1", .sha256 = "cd", .answers = true, .words = ""}};
    told.lanes = {{.kind = "infer", .waiting = 2, .parked = 0, .oldest_ms = 1000}};
    told.received = 12;
    told.analysed = 10;
    told.verdicts = {{"findings", 3}, {"normal", 7}};
    return told;
}

std::vector<std::string> after(const std::function<void(Heartbeat&)>& change,
                               std::int64_t passed_ms = 0) {
    Fleet fleet{"2.0"};
    auto told = healthy();
    change(told);
    fleet.hear("clinic", told, kNowMs);
    return troubles_of(fleet.sites().at(0), "2.0", kNowMs + passed_ms);
}

}  // namespace

TEST_CASE("a heartbeat is read as it was written", "[fleet]") {
    const auto read = read_heartbeat(to_json(healthy()));
    CHECK(to_json(read) == to_json(healthy()));
    CHECK(read.models.at(0).sha256 == "cd");
    CHECK(read.verdicts.at("findings") == 3);
}

TEST_CASE("a heartbeat with anything in it is cut to what a node tells", "[fleet]") {
    CHECK_THROWS_AS(read_heartbeat("[1]"), Error);
    CHECK_THROWS_AS(read_heartbeat("{"), Error);
    const auto odd = read_heartbeat(
        R"({"version":7,"now_ms":1e300,"models":[1,{"name":"a\u001b[2J"}],"lanes":"x"})");
    CHECK(odd.version.empty());
    CHECK(odd.now_ms == 1'000'000'000'000'000);
    REQUIRE(odd.models.size() == 1);
    CHECK(odd.models[0].name.find('\x1b') == std::string::npos);
    nlohmann::json many;
    for (int i = 0; i < 100; ++i) many["lanes"].push_back({{"kind", std::string(5000, 'x')}});
    const auto cut = read_heartbeat(many.dump());
    CHECK(cut.lanes.size() == 32);
    CHECK(cut.lanes[0].kind.size() == 300);
}

TEST_CASE("a site says what is wrong with it, and a well one nothing", "[fleet]") {
    using Catch::Contains;
    CHECK(after([](Heartbeat&) {}).empty());
    CHECK(after([](Heartbeat&) {}, 4 * kMinuteMs).empty());
    CHECK_THAT(after([](Heartbeat&) {}, 6 * kMinuteMs).at(0), Contains("silent since 2026-11-"));
    CHECK_THAT(after([](Heartbeat& told) { told.version = "1.9"; }).at(0),
               Contains("old version: 1.9"));
    CHECK_THAT(after([](Heartbeat& told) {
                   told.models[0].answers = false;
                   told.models[0].words = "the server has other weights";
               }).at(0),
               Contains("cxr does not answer: the server has other weights"));
    CHECK_THAT(after([](Heartbeat& told) { told.lanes[0].oldest_ms = 11 * kMinuteMs; }).at(0),
               Contains("2 images wait, one for 11 min"));
    CHECK_THAT(after([](Heartbeat& told) { told.now_ms -= 90 * kMinuteMs; }).at(0),
               Contains("its clock is 90 min behind"));
    CHECK_THAT(after([](Heartbeat& told) { told.lanes[0].parked = 3; }).at(0),
               Contains("3 jobs are parked"));
    CHECK_THAT(after([](Heartbeat& told) { told.certificate_until_ms = kNowMs + kDayMs; }).at(0),
               Contains("its certificate ends"));
}

TEST_CASE("a site whose X-rays stop is told from one that is silent", "[fleet]") {
    Fleet fleet{"2.0"};
    fleet.hear("clinic", healthy(), kNowMs);
    const auto later = kNowMs + 25 * 60 * kMinuteMs;
    fleet.hear("clinic", healthy(later), later);  // the same count
    CHECK_THAT(troubles_of(fleet.sites().at(0), "2.0", later).at(0),
               Catch::Contains("X-rays stopped: none since"));
    auto more = healthy(later);
    ++more.received;
    fleet.hear("clinic", more, later);
    CHECK(troubles_of(fleet.sites().at(0), "2.0", later).empty());
}

TEST_CASE("what a site counted before it was first heard is no X-ray of that moment", "[fleet]") {
    Fleet fleet{"2.0"};
    fleet.hear("clinic", healthy(), kNowMs);  // this node has just started
    CHECK(fleet.sites().at(0).image_ms == 0);
    auto more = healthy(kNowMs + kMinuteMs);
    ++more.received;
    fleet.hear("clinic", more, kNowMs + kMinuteMs);
    CHECK(fleet.sites().at(0).image_ms == kNowMs + kMinuteMs);
    auto restarted = healthy(kNowMs + 2 * kMinuteMs);
    restarted.since_ms = 8;
    restarted.received = 0;
    fleet.hear("clinic", restarted, kNowMs + 2 * kMinuteMs);
    CHECK(fleet.sites().at(0).image_ms == kNowMs + kMinuteMs);
    restarted.received = 1;
    fleet.hear("clinic", restarted, kNowMs + 3 * kMinuteMs);
    CHECK(fleet.sites().at(0).image_ms == kNowMs + 3 * kMinuteMs);
}

TEST_CASE("the page has a row for every site of the register, those with troubles first",
          "[fleet]") {
    Fleet fleet{"2.0"};
    fleet.hear("well", healthy(), kNowMs);
    const std::vector<storage::RegisteredSite> registered{
        {.name = "ended", .revoked_at_ms = 5, .expires_at_ms = 9},
        {.name = "invited"},
        {.name = "well", .expires_at_ms = kNowMs + kDayMs}};
    const auto page = nlohmann::json::parse(fleet.to_json(registered, kNowMs));
    REQUIRE(page["sites"].size() == 3);
    CHECK(page["sites"][0]["name"] == "ended");
    CHECK(page["sites"][1]["troubles"][0] == "has not joined yet");
    CHECK(page["sites"][2]["name"] == "well");
    CHECK(page["sites"][2]["troubles"].empty());
}

TEST_CASE("a thousand sites have series of their own in the metrics", "[fleet]") {
    Fleet fleet{"2.0"};
    for (int i = 0; i < 1000; ++i) fleet.hear("site-" + std::to_string(i), healthy(), kNowMs);
    const auto text = metrics::text();
    CHECK(text.find("bucky_site_heard_timestamp_seconds{site=\"site-0\"}") != std::string::npos);
    CHECK(text.find("bucky_site_heard_timestamp_seconds{site=\"site-999\"}") != std::string::npos);
}
