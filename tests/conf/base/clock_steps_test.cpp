// SPDX-License-Identifier: Apache-2.0
#include "conf/base/clock_steps.h"

#include <catch2/catch.hpp>

#include "conf/base/clock.h"

using namespace bucky;

namespace {

constexpr std::int64_t kStartMs = 1'800'000'000'000;
constexpr std::int64_t kHourMs = 3'600'000;

}  // namespace

TEST_CASE("a clock that is set is noticed, told once, and believed again after an hour", "[conf]") {
    for (const auto by_ms : {40 * 24 * kHourMs, -9 * kHourMs, ClockSteps::kStepMs + 1}) {
        SettableClock clock{kStartMs};
        CHECK(clock.steps().is_settled());
        clock.step_ms(by_ms);
        CHECK_FALSE(clock.steps().is_settled());
        CHECK_FALSE(clock.steps().is_settled());
        CHECK(clock.steps().take_untold() == std::vector<std::int64_t>{by_ms});
        CHECK(clock.steps().take_untold().empty());
        CHECK_FALSE(clock.steps().trouble().empty());
        clock.advance_ms(kHourMs - 1);
        CHECK_FALSE(clock.steps().is_settled());
        clock.advance_ms(1);
        CHECK(clock.steps().is_settled());
        CHECK(clock.steps().trouble().empty());
    }
}

TEST_CASE("a clock that is set and set back has been set twice", "[conf]") {
    SettableClock clock{kStartMs};
    clock.step_ms(40 * 24 * kHourMs);
    CHECK_THAT(clock.steps().trouble(), Catch::Contains("forward by 40 d"));
    clock.advance_ms(8000);
    clock.step_ms(-40 * 24 * kHourMs);
    CHECK_THAT(clock.steps().trouble(), Catch::Contains("back by 40 d"));
    clock.advance_ms(kHourMs - 1);
    CHECK_FALSE(clock.steps().is_settled());
}

TEST_CASE("time that passes, and what NTP slews, is no step", "[conf]") {
    SettableClock clock{kStartMs};
    for (int day = 0; day < 400; ++day) {
        clock.advance_ms(24 * kHourMs);
        clock.step_ms(day % 2 == 0 ? 900 : -1100);
        CHECK(clock.steps().is_settled());
    }
    CHECK(clock.steps().take_untold().empty());
}

TEST_CASE("a time that is doubted for another reason is believed after an hour, and no trouble",
          "[conf]") {
    SettableClock clock{kStartMs};
    clock.steps().doubt();
    CHECK_FALSE(clock.steps().is_settled());
    CHECK(clock.steps().trouble().empty());
    clock.advance_ms(kHourMs);
    CHECK(clock.steps().is_settled());
}

TEST_CASE("a step is told in rounded words, as the clocks are read one after the other",
          "[clock]") {
    CHECK(step_in_words(-9 * kHourMs + 20) == "9 h");
    CHECK(step_in_words(9 * kHourMs - 1) == "9 h");
    CHECK(step_in_words(90'020) == "90 s");
    CHECK(step_in_words(90 * 60'000 - 3) == "90 min");
    CHECK(step_in_words(40 * 24 * kHourMs - 7) == "40 d");
}

TEST_CASE("the machine's steady clock goes on and has nothing to do with the date", "[conf]") {
    const SystemClock clock;
    const auto first = clock.steady_ms();
    CHECK(first > 0);
    CHECK(clock.steady_ms() >= first);
    CHECK(clock.steps().is_settled());
}
