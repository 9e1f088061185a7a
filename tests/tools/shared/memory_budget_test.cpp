// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/memory_budget.h"

#include <future>
#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"
#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// How often this limit made a caller wait.
std::string waited_for(const std::string& limit) {
    const auto text = metrics::text();
    const auto name = "bucky_limit_reached_total{limit=\"" + limit + "\"} ";
    const auto at = text.find(name);
    if (at == std::string::npos) return "0";
    const auto from = at + name.size();
    return text.substr(from, text.find('\n', from) - from);
}

std::future<MemoryBudget::Reservation> asks(MemoryBudget& budget, std::uint64_t bytes) {
    return std::async(std::launch::async, [&budget, bytes] { return budget.take(bytes); });
}

bool has_it(const std::future<MemoryBudget::Reservation>& room) {
    return room.wait_for(0s) == std::future_status::ready;
}

}  // namespace

TEST_CASE("who finds no room waits in line until others let go, and that is counted", "[tools]") {
    MemoryBudget budget("test_line", 100, 60s);
    std::optional first = budget.take(80);
    const auto beside = budget.take(20);
    CHECK(waited_for("test_line") == "0");
    auto large = asks(budget, 70);
    REQUIRE(poll_until([] { return waited_for("test_line") == "1"; }, 60s));
    auto small = asks(budget, 5);
    REQUIRE(poll_until([] { return waited_for("test_line") == "2"; }, 60s));
    CHECK_FALSE(has_it(large));
    CHECK_FALSE(has_it(small));
    first.reset();
    std::optional of_large = large.get();
    std::optional of_small = small.get();  // 20 + 70 + 5
    auto next = asks(budget, 50);
    REQUIRE(poll_until([] { return waited_for("test_line") == "3"; }, 60s));
    auto would_fit = asks(budget, 1);  // would fit, but must not overtake
    REQUIRE(poll_until([] { return waited_for("test_line") == "4"; }, 60s));
    CHECK_FALSE(has_it(would_fit));
    of_large.reset();
    (void)next.get();
    (void)would_fit.get();
}

TEST_CASE("what is larger than all there is gets its room alone", "[tools]") {
    MemoryBudget budget("test_alone", 100, 0s);
    auto room = budget.take(1000);
    CHECK_THROWS_AS(budget.take(1), Error);
    room.reset();
    (void)budget.take(1);
}

TEST_CASE("patience that ends is a shortage that may pass, and the line moves on", "[tools]") {
    MemoryBudget budget("test_patience", 100, 0s);
    std::optional held = budget.take(60);
    try {
        (void)budget.take(50);
        FAIL("there was room");
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::exhausted);
    }
    const auto fits = budget.take(40);  // nothing waits before it any more
    held.reset();
    const auto again = budget.take(60);
}

TEST_CASE("a room may outlive its budget", "[tools]") {
    MemoryBudget::Reservation room;
    {
        MemoryBudget budget("test_outlived", 100, 0s);
        room = budget.take(10);
    }
    room.reset();
}
