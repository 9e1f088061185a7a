// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/walk.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr auto kLongEnough = 60s;

auto soon() {
    return std::chrono::steady_clock::now() + kLongEnough;
}

std::vector<Event> numbered(std::int64_t count) {
    std::vector<Event> events;
    for (std::int64_t at = 0; at < count; ++at) events.push_back({EventKind::status, at, 0});
    return events;
}

/// A fault that these events cause together, in this order.
auto caused_by(std::vector<std::int64_t> values) {
    return [values](const std::vector<Event>& events) {
        auto next = values.begin();
        for (const auto& event : events) {
            if (next != values.end() && event.value == *next) ++next;
        }
        return next == values.end();
    };
}

}  // namespace

TEST_CASE("a walk is a pure function of its seed", "[crash][walk]") {
    const auto walk = random_walk(4711, {.kills = 20});
    CHECK(walk == random_walk(4711, {.kills = 20}));
    CHECK_FALSE(walk == random_walk(4712, {.kills = 20}));
    CHECK(kills_in(walk.events) == 20);
    CHECK(walk.events.back().kind == EventKind::kill);
    // A longer walk begins like a shorter one, and the text is the same on every machine.
    const auto longer = random_walk(4711, {.kills = 30});
    CHECK(std::equal(walk.events.begin(), walk.events.end(), longer.events.begin()));
    CHECK(to_text(random_walk(4711, {.kills = 1})) ==
          "4711 | 7:study-retry=2 42:backup 16:reload 139:freeze 48:study-retry=3 "
          "219:pacs-freeze=3 591:kill");
}

TEST_CASE("walks meet every kind of event, and no clock step where none is wanted",
          "[crash][walk]") {
    std::set<EventKind> met;
    for (const auto& event : random_walk(1, {.kills = 200}).events) met.insert(event.kind);
    CHECK(met.size() == static_cast<std::size_t>(EventKind::clock_step) + 1);
    for (const auto& event : random_walk(1, {.kills = 200, .clock_steps = false}).events) {
        CHECK(event.kind != EventKind::clock_step);
    }
}

TEST_CASE("a walk is written as one line and read back", "[crash][walk]") {
    const auto walk = random_walk(7, {.kills = 40});
    CHECK(read_walk(to_text(walk)) == walk);
    CHECK(read_walk("12 |") == Walk{12, {}});
    CHECK(read_walk("12 | 350:kill 0:clock=-32400") ==
          Walk{12, {{EventKind::kill, 0, 350}, {EventKind::clock_step, -32400, 0}}});
    for (const auto* no_walk : {"", "12", "x |", "12 | kill", "12 | 5:dance",
                                "12 | 5:kill=", "12 | 5:kill=now", "12 | :kill"}) {
        INFO(no_walk);
        CHECK_FALSE(read_walk(no_walk));
    }
}

TEST_CASE("a failing walk is shortened to the events that it needs", "[crash][walk]") {
    const auto needed = GENERATE(std::vector<std::int64_t>{3}, std::vector<std::int64_t>{0, 1},
                                 std::vector<std::int64_t>{2, 47, 99},
                                 std::vector<std::int64_t>{98, 99}, std::vector<std::int64_t>{});
    int trials = 0;
    const auto short_one = shorten(
        numbered(100),
        [&](const auto& events) {
            ++trials;
            return caused_by(needed)(events);
        },
        soon());
    std::vector<std::int64_t> left;
    for (const auto& event : short_one) left.push_back(event.value);
    CHECK(left == needed);
    CHECK(trials < 80);  // each is a walk of a minute
}

TEST_CASE("shortening ends when its time is over, with a walk that fails", "[crash][walk]") {
    const auto all = numbered(100);
    CHECK(shorten(all, caused_by({2}), std::chrono::steady_clock::now()) == all);
}

TEST_CASE("a fault that shows only now and then is not lost by shortening", "[crash][walk]") {
    int trials = 0;
    const auto fault = caused_by({2, 60});
    const auto short_one = shorten(
        numbered(100), [&](const auto& events) { return ++trials % 3 != 0 && fault(events); },
        soon());
    CHECK(fault(short_one));
    CHECK(short_one.size() < 30);
}
