// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/fleet/score_drift.h"

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/observe/metrics.h"
#include "tests/support/places.h"
#include "tools/bucky/fleet/fleet.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;

namespace {

using Tenths = std::vector<std::int64_t>;
const Tenths kUsual{20, 10, 5, 3, 2, 2, 2, 2, 2, 2};  // 50 X-rays
const Tenths kHigher{4, 6, 10, 10, 8, 4, 2, 2, 2, 2};

ScoreDrift after(const Tenths& first, const Tenths& then, int times) {
    ScoreDrift drift;
    for (int i = 0; i < 6; ++i) drift.add(first);
    for (int i = 0; i < times; ++i) drift.add(then);
    return drift;
}

Heartbeat with(const Tenths& tenths, std::int64_t since_ms = 1) {
    Heartbeat told;
    told.version = "2.0";
    told.since_ms = since_ms;
    told.scores = {{.model = "cxr", .version = "1", .finding = "nodule", .tenths = tenths}};
    return told;
}

}  // namespace

TEST_CASE("scores that stay have not moved, others have", "[fleet]") {
    CHECK(after(kUsual, kUsual, 6).now().value() < 0.01);
    CHECK(after(kUsual, kHigher, 6).now().value() > 0.5);
    CHECK(after(kUsual, kHigher, 60).now() == after(kUsual, kHigher, 6).now());  // the last 300
    const auto back = after(kUsual, kHigher, 6);
    ScoreDrift mended = back;
    for (int i = 0; i < 6; ++i) mended.add(kUsual);
    CHECK(mended.now().value() < 0.01);
}

TEST_CASE("few scores say nothing", "[fleet]") {
    CHECK_FALSE(after(kUsual, kHigher, 5).now());
    CHECK_FALSE(ScoreDrift{}.now());
    ScoreDrift lies;
    lies.add({-7, 1LL << 60, 3});
    lies.add({1});  // other bins: it begins anew
    CHECK_FALSE(lies.now());
}

TEST_CASE("a site whose scores move has a trouble that names the finding, and a metric",
          "[fleet]") {
    Fleet fleet{"2.0"};
    Tenths sum = kUsual;
    const auto hear = [&](const Tenths& more, std::int64_t since_ms = 1) {
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
        fleet.hear("drifting", with(sum, since_ms), 1000);
        return troubles_of(fleet.sites().at(0), "2.0", 1000);
    };
    for (int i = 0; i < 14; ++i) CHECK(hear(kUsual).empty());
    sum.assign(10, 0);  // its node was restarted
    for (int i = 0; i < 6; ++i) (void)hear(kHigher, 2);
    const auto troubles = hear(kHigher, 2);
    REQUIRE(troubles.size() == 1);
    CHECK_THAT(troubles[0], Catch::Contains("scores of cxr 1 nodule have moved (PSI 0."));
    CHECK(fleet.sites().at(0).drift > 0.25);
    CHECK_THAT(metrics::text(),
               Catch::Contains("bucky_site_score_drift_ratio{site=\"drifting\"} 0."));
    const auto row = nlohmann::json::parse(fleet.to_json({}, 1000))["sites"][0];
    CHECK(row["drift"].get<double>() > 0.25);
    CHECK(row["drifted"] == "cxr 1 nodule");
}

TEST_CASE("a heartbeat has counts of scores in tenths, and what is no count is none", "[fleet]") {
    CHECK(read_heartbeat(to_json(with(kUsual))).scores.at(0).tenths == kUsual);
    const auto odd = read_heartbeat(
        R"({"scores": [{"model": 7, "tenths": [1, -2, "x", 1e99]}, {"tenths": 3}]})");
    REQUIRE(odd.scores.size() == 2);
    CHECK(odd.scores[0].tenths == Tenths{1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    CHECK(odd.scores[1].tenths == Tenths(10));
}

TEST_CASE("the alert for moved scores has the limit of the fleet page", "[fleet]") {
    const auto rules =
        read_text(test::source_dir() / "packaging" / "prometheus" / "bucky.rules.yml");
    CHECK_THAT(rules,
               Catch::Contains(fmt::format("bucky_site_score_drift_ratio) > {}\n", kScoresMoved)));
}
