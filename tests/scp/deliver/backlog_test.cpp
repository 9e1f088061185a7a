// SPDX-License-Identifier: Apache-2.0
// A PACS that was unreachable for hours or does not answer, and the effects on new results and on
// other destinations.
#include <algorithm>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "scp/deliver/courier.h"
#include "scp/wire/part10.h"
#include "tests/scp/peer.h"
#include "tests/scp/results.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

constexpr std::int64_t kHourMs = 3600 * 1000;

/// The numbers of the results ("1.2.9.N") in the order in which the peer received them.
std::vector<int> order(const Peer& peer) {
    std::vector<int> numbers;
    for (const auto& file : peer.stored()) {
        const auto uid = read_part10_header(file).sop_instance;
        numbers.push_back(std::stoi(uid.substr(uid.rfind('.') + 1)));
    }
    return numbers;
}

}  // namespace

TEST_CASE(
    "a PACS that is reachable again after hours gets the backlog oldest first, with new results in "
    "between",
    "[scp][delivery]") {
    Results results(6);  // 1 to 6
    auto destination = gone_destination();
    destination.retry_cap_s = 60;
    auto courier = results.courier_to(destination);
    for (int hour = 0; hour < 9; ++hour) {
        results.clock.advance_ms(kHourMs);
        CHECK(courier.deliver_next());  // fails: one attempt of one job
        CHECK_FALSE(courier.deliver_next());
    }
    results.add("1.2.826.0.1.3680043.9.2", 3);  // 7 to 9, made while the PACS is still unreachable
    CHECK_FALSE(courier.deliver_next());        // they cause no call of their own
    const Peer back("", static_cast<int>(destination.port));
    results.clock.advance_ms(80'000);
    (void)deliver_all(courier);
    const auto came = order(back);
    REQUIRE(came.size() == 9);
    std::vector<int> old_ones, new_ones;
    for (const int number : came) (number <= 6 ? old_ones : new_ones).push_back(number);
    CHECK(old_ones == std::vector<int>{1, 2, 3, 4, 5, 6});
    CHECK(new_ones == std::vector<int>{7, 8, 9});
    const auto new_among_first =
        std::count_if(came.begin(), came.begin() + 6, [](int number) { return number > 6; });
    CHECK(new_among_first == 3);
}

TEST_CASE("a backlog drains at every second turn while new results keep coming",
          "[scp][delivery]") {
    Results results(10);  // the backlog
    results.clock.advance_ms(24 * kHourMs);
    const Peer peer;
    auto courier = results.courier_to(peer.destination());
    for (int minute = 0; minute < 10; ++minute) {
        results.add("1.2.826.0.1.3680043.9." + std::to_string(100 + minute), 1);
        CHECK(courier.deliver_next());
        CHECK(courier.deliver_next());
        CHECK(std::ssize(peer.stored()) == 2 * (minute + 1));
        results.clock.advance_ms(60'000);
    }
    int waiting = 0;
    for (const auto& job : results.jobs()) waiting += job.state != storage::JobState::done;
    CHECK(waiting == 0);
    CHECK_FALSE(courier.deliver_next());
}

TEST_CASE("a peer that is out of resources pauses the lane, instead of one attempt for each result",
          "[scp][delivery]") {
    Results results(50);
    const Peer full("status=A700");
    auto courier = results.courier_to(full.destination());
    int asked = 0;
    for (int second = 0; second < 60; ++second) {
        while (courier.deliver_next()) ++asked;
        results.clock.advance_ms(1000);
    }
    CHECK(asked >= 3);
    CHECK(asked <= 6);  // 0, 0, 10, 30 and 70 s, each +-20 %
}

TEST_CASE("each way of failing is a retry with its reason, and the object comes under its own UID",
          "[scp][delivery]") {
    struct Way {
        std::string behave, words;
    };
    for (const auto& way :
         {Way{"silent", "answered nothing within"}, Way{"deaf", "did not answer within"},
          Way{"congested", "rejected the association for now"},
          Way{"abort-midway", "did not answer"}, Way{"no-answer", "did not answer within"}}) {
        INFO(way.behave);
        Results results;
        conf::DestinationSettings destination;
        {
            const Peer bad(way.behave);
            destination = bad.destination();
            auto courier = results.courier_to(destination);
            CHECK(courier.deliver_next());
            CHECK(results.job().state == storage::JobState::ready);
            REQUIRE(results.told("result.retry").size() == 1);
            if (way.behave != "abort-midway") {
                CHECK_THAT(results.told("result.retry")[0], Catch::Contains(way.words));
            }
        }
        const Peer good("", static_cast<int>(destination.port));
        auto courier = results.courier_to(destination);
        results.clock.advance_ms(kHourMs);
        CHECK(courier.deliver_next());
        CHECK(results.job().state == storage::JobState::done);
        CHECK(order(good) == std::vector<int>{1});
    }
}

TEST_CASE("a peer that accepts and then sends nothing delays no other destination",
          "[scp][delivery]") {
    Results results(20, {"pacs", "other"});
    const Peer deaf("deaf");
    const Peer healthy;
    auto there = healthy.destination();
    there.name = "other";
    auto stuck = deaf.destination();
    stuck.response_timeout_s = 30;
    auto first = results.courier_to(stuck);
    auto second = results.courier_to(there);
    std::jthread hangs([&] { (void)first.deliver_next(); });
    int sent = 0;
    while (second.deliver_next()) ++sent;
    CHECK(sent == 20);
    CHECK(healthy.stored().size() == 20);
    CHECK(results.jobs().at(0).state == storage::JobState::running);  // no answer yet
    deaf.kill();
}
