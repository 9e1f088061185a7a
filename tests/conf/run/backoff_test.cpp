// SPDX-License-Identifier: Apache-2.0
#include "conf/run/backoff.h"

#include <algorithm>
#include <cstdlib>

#include <catch2/catch.hpp>

using namespace bucky;

TEST_CASE("the back-off doubles up to its cap and spreads by a fifth either way", "[conf]") {
    for (int attempt = 1; attempt < 200; ++attempt) {
        const auto shortest = back_off_ms(attempt, 5000, 900'000, 0.0);
        const auto middle = back_off_ms(attempt, 5000, 900'000, 0.5);
        const auto longest = back_off_ms(attempt, 5000, 900'000, 1.0);
        INFO("attempt " << attempt);
        CHECK(middle == (attempt > 8 ? 900'000 : std::min(5000 << (attempt - 1), 900'000)));
        CHECK(std::abs(shortest - middle * 8 / 10) <= 1);
        CHECK(std::abs(longest - middle * 12 / 10) <= 1);
        CHECK(middle <= back_off_ms(attempt + 1, 5000, 900'000, 0.5));
    }
    CHECK(back_off_ms(0, 5000, 900'000, 0.5) == 5000);
    CHECK(back_off_ms(1, 5000, 1000, 0.5) == 1000);
    CHECK(back_off_ms(1'000'000'000, 0, 900'000, 0.5) == 0);
    CHECK(back_off_ms(2'000'000'000, 1, std::int64_t{1} << 62, 0.5) > 0);
    CHECK(back_off_ms(3, 1000, 900'000, 7.0) == back_off_ms(3, 1000, 900'000, 1.0));
}

TEST_CASE("an attempt is given up after give_up_days, and the words name the days and the reason",
          "[conf]") {
    const Backoff backoff{{.first_ms = 5000, .cap_ms = 900'000, .give_up_days = 2}};
    constexpr std::int64_t kSinceMs = 1'000, kTwoDaysMs = 2 * 24 * 3600 * 1000;
    CHECK_FALSE(backoff.is_over(kSinceMs, kSinceMs + kTwoDaysMs - 1));
    CHECK(backoff.is_over(kSinceMs, kSinceMs + kTwoDaysMs));
    CHECK(backoff.given_up("A700") == "given up after 2 days: A700");
}
