// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/patient_turns.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// A turn that waits on its own thread, and ends when it has come.
std::future<void> waits_as(PatientTurns& turns, const std::string& patient) {
    std::promise<void> begun;
    auto has_begun = begun.get_future();
    auto waiting =
        std::async(std::launch::async, [&turns, patient, begun = std::move(begun)]() mutable {
            auto turn = turns.begin([] {});
            begun.set_value();
            turn.wait_as(patient);
        });
    has_begun.wait();
    return waiting;
}

bool is_over(const std::future<void>& turn, std::chrono::milliseconds at_most = 0ms) {
    return turn.wait_for(at_most) == std::future_status::ready;
}

}  // namespace

TEST_CASE("who begins later waits for an earlier turn of the same patient, and nobody else does",
          "[tools]") {
    PatientTurns turns;
    std::future<void> same;
    {
        auto earlier = turns.begin([] {});
        earlier.wait_as("one");
        same = waits_as(turns, "one");
        CHECK(is_over(waits_as(turns, "another"), 60s));
        CHECK(is_over(waits_as(turns, ""), 60s));  // an empty patient waits for no other
        CHECK_FALSE(is_over(same));
    }
    CHECK(is_over(same, 60s));
}

TEST_CASE("a turn whose patient is not known yet may be anybody's", "[tools]") {
    PatientTurns turns;
    auto unknown = turns.begin([] {});
    const auto later = waits_as(turns, "one");
    CHECK(is_over(waits_as(turns, ""), 60s));
    CHECK_FALSE(is_over(later));
    unknown.wait_as("another");
    CHECK(is_over(later, 60s));
}

TEST_CASE("one patient's turns come in the order in which their work was taken", "[tools]") {
    constexpr int kThreads = 8;
    PatientTurns turns;
    int taken = 0;
    std::vector<int> came;  // without a mutex: turns of one patient exclude each other
    {
        std::vector<std::jthread> threads;
        while (threads.size() < kThreads) {
            threads.emplace_back([&] {
                int mine = 0;
                auto turn = turns.begin([&] { mine = taken++; });
                turn.wait_as("one");
                came.push_back(mine);
            });
        }
    }
    CHECK(came.size() == kThreads);
    CHECK(std::is_sorted(came.begin(), came.end()));
}

TEST_CASE("work that could not be taken leaves no turn behind", "[tools]") {
    PatientTurns turns;
    CHECK_THROWS(turns.begin([] { throw std::runtime_error("the database does not answer"); }));
    CHECK(is_over(waits_as(turns, "one"), 60s));
}
