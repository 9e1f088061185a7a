// SPDX-License-Identifier: Apache-2.0
// Setting the clock blocks no lane and gives nothing up.
#include <string>

#include <catch2/catch.hpp>

#include "scp/deliver/commitment_scu.h"
#include "scp/deliver/courier.h"
#include "tests/scp/peer.h"
#include "tests/scp/results.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr auto kOtherStudy = "1.2.826.0.1.3680043.9.2";

}  // namespace

TEST_CASE("a clock set back nine hours does not lengthen a destination's pause",
          "[scp][delivery]") {
    Results results(3);
    const auto destination = gone_destination();
    auto courier = results.courier_to(destination);
    REQUIRE(deliver_all(courier) == 1);
    results.clock.step_ms(-9 * kHourMs);
    results.add(kOtherStudy, 1);  // a new result, dated by the new time
    const Peer back("", static_cast<int>(destination.port));
    results.clock.advance_ms(6000);  // the first wait is 5 s + 20 %
    CHECK(deliver_all(courier) == 4);
    CHECK(back.stored().size() == 4);
}

TEST_CASE("a clock step forward does not end a pause", "[scp][delivery]") {
    Results results(3);
    const auto destination = gone_destination();
    auto courier = results.courier_to(destination);
    REQUIRE(deliver_all(courier) == 1);
    results.clock.step_ms(9 * kHourMs);
    CHECK(deliver_all(courier) == 0);
    results.clock.advance_ms(6000);
    CHECK(deliver_all(courier) == 1);
}

TEST_CASE("a clock forty days ahead for eight seconds gives nothing up", "[scp][delivery]") {
    Results results(2);
    const auto destination = gone_destination();
    auto courier = results.courier_to(destination);
    REQUIRE(deliver_all(courier) == 1);
    results.clock.step_ms(40 * kDayMs);
    results.clock.advance_ms(8000);
    CHECK(deliver_all(courier) == 1);  // one failed attempt at the wrong time
    results.clock.step_ms(-40 * kDayMs);
    for (const auto& job : results.jobs()) CHECK(job.state == storage::JobState::ready);

    // At the right time it is sent after its own wait, which is 10 s + 20 %.
    const Peer back("", static_cast<int>(destination.port));
    results.clock.advance_ms(13'000);
    CHECK(deliver_all(courier) == 2);
}

TEST_CASE("a job past its days is given up once the clock is trusted again", "[scp]") {
    Results results;
    const auto destination = gone_destination();
    auto courier = results.courier_to(destination);
    REQUIRE(deliver_all(courier) == 1);
    results.clock.step_ms(40 * kDayMs);
    results.clock.advance_ms(8000);
    REQUIRE(deliver_all(courier) == 1);
    CHECK(results.job().state == storage::JobState::ready);
    results.clock.advance_ms(2 * kHourMs);
    REQUIRE(deliver_all(courier) == 1);
    CHECK(results.job().state == storage::JobState::parked);
}

TEST_CASE("setting the clock neither delays nor gives up a request for commitment",
          "[scp][commitment]") {
    for (const auto by_ms : {-9 * kHourMs, 40 * kDayMs}) {
        Results results;
        const Peer pacs;
        auto destination = pacs.destination();
        destination.commitment = true;
        destination.commitment_timeout_s = 60;
        {
            auto courier = results.courier_to(destination);
            REQUIRE(deliver_all(courier) == 1);
        }
        auto nowhere = gone_destination();
        nowhere.commitment = true;
        nowhere.commitment_timeout_s = 60;
        CommitmentScu scu(results.settings, nowhere, results.clock, results.work);
        REQUIRE(scu.commit_next());
        results.clock.step_ms(by_ms);
        CHECK_FALSE(scu.commit_next());  // the pause decides
        results.clock.advance_ms(6000);
        CHECK(scu.commit_next());
        CHECK(results.jobs(storage::Lane::commit("pacs")).at(0).state == storage::JobState::ready);
    }
}
