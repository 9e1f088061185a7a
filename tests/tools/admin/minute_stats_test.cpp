// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/minute_stats.h"

#include <catch2/catch.hpp>

using namespace bucky;

namespace {

constexpr std::int64_t kNoonMs = 1'795'435'200'000;  // a whole hour
constexpr std::int64_t kMinuteMs = 60'000;

/// Counters after `images` images in all, with twice as many results, each of 1 to 2 s.
Counters counted(double images) {
    Counters counters;
    counters.received = counters.analysed = images;
    counters.delivered = 2 * images;
    counters.to_delivered = {2 * images, {0, static_cast<std::uint64_t>(2 * images), 0}, {1, 2, 9}};
    return counters;
}

}  // namespace

TEST_CASE("what was counted belongs to the minute in which it was seen", "[tools]") {
    MinuteStats minutes;
    minutes.note(kNoonMs, counted(3));
    minutes.note(kNoonMs + 59'000, counted(5));
    minutes.note(kNoonMs + kMinuteMs, counted(5));
    minutes.note(kNoonMs + 2 * kMinuteMs, counted(6));
    const auto bars = minutes.bars(kNoonMs + 2 * kMinuteMs, 1, 4);
    REQUIRE(bars.size() == 4);
    CHECK(bars[0].received == 0);
    CHECK(bars[1].received == 5);
    CHECK(bars[1].delivered == 10);
    CHECK(bars[1].from_ms == kNoonMs);
    CHECK(bars[2].received == 0);
    CHECK(bars[3].received == 1);
    CHECK_FALSE(bars[0].delivered_half_s);
    CHECK(bars[3].delivered_half_s == 1.5);  // in the middle of its bucket
}

TEST_CASE("bars of many minutes add them up and begin at whole ones", "[tools]") {
    MinuteStats minutes;
    for (int at = 0; at <= 30; ++at) minutes.note(kNoonMs + at * kMinuteMs, counted(at + 1));
    const auto bars = minutes.bars(kNoonMs + 30 * kMinuteMs, 20, 2);
    REQUIRE(bars.size() == 2);
    CHECK(bars[0].from_ms == kNoonMs);
    CHECK(bars[0].received == 20);
    CHECK(bars[1].received == 11);
}

TEST_CASE("a day later a minute is forgotten", "[tools]") {
    MinuteStats minutes;
    minutes.note(kNoonMs, counted(7));
    const auto next_day = kNoonMs + 24 * 60 * kMinuteMs;
    minutes.note(next_day, counted(8));
    double sum = 0;
    for (const auto& bar : minutes.bars(next_day, 20, 73)) sum += bar.received;
    CHECK(sum == 1);
}

TEST_CASE("a quantile is reckoned within its bucket, and never above the highest bound",
          "[tools]") {
    CHECK(quantile({4, {2, 2, 0}, {1, 3, 9}}, 0.5) == 1.0);
    CHECK(quantile({4, {2, 2, 0}, {1, 3, 9}}, 0.75) == 2.0);
    CHECK(quantile({1, {0, 0, 1}, {1, 3, 9}}, 0.95) == 3.0);
    CHECK_FALSE(quantile({0, {0, 0, 0}, {1, 3, 9}}, 0.5));
}
