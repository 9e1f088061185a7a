// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/working_hours.h"

#include <cstdlib>
#include <ctime>

#include <catch2/catch.hpp>

using namespace bucky;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;

/// A local time in Berlin, whose clocks are put forward on 2026-03-29 and back on 2026-10-25.
std::int64_t berlin(int month, int day, int hour) {
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
    std::tm parts{};
    parts.tm_year = 126;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_isdst = -1;
    return std::mktime(&parts) * 1000LL;
}

std::int64_t hours(std::int64_t from_ms, std::int64_t to_ms) {
    return working_ms_between(from_ms, to_ms, conf::StatusSettings{}) / kHourMs;
}

}  // namespace

TEST_CASE("only working hours of working days count", "[tools]") {
    // Monday 2026-11-30 to Friday 2026-12-04, 8 to 18 o'clock
    CHECK(hours(berlin(11, 30, 9), berlin(11, 30, 12)) == 3);
    CHECK(hours(berlin(11, 30, 6), berlin(11, 30, 23)) == 10);
    CHECK(hours(berlin(11, 30, 17), berlin(12, 1, 9)) == 2);
    CHECK(hours(berlin(11, 30, 19), berlin(12, 1, 7)) == 0);
    CHECK(hours(berlin(12, 4, 17), berlin(12, 7, 9)) == 2);  // over a weekend
    CHECK(hours(berlin(12, 5, 0), berlin(12, 6, 23)) == 0);
}

TEST_CASE("a day on which clocks are set has as many working hours as any", "[tools]") {
    CHECK(hours(berlin(3, 27, 17), berlin(3, 30, 9)) == 2);
    CHECK(hours(berlin(10, 23, 17), berlin(10, 26, 9)) == 2);
}

TEST_CASE("a time that was set back counts no hours", "[tools]") {
    CHECK(hours(berlin(12, 1, 12), berlin(12, 1, 9)) == 0);
}
