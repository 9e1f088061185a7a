// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "scp/receive/peer_pauses.h"

using namespace bucky::scp;

namespace {

constexpr bucky::Backoff::Limits kLimits{.first_ms = 1000, .cap_ms = 60'000, .give_up_days = 7};

}  // namespace

TEST_CASE("a peer that failed pauses alone, longer each time, and an answer ends the pause",
          "[scp]") {
    PeerPauses pauses{kLimits};
    CHECK(pauses.is_free("AWAY", 0));
    const auto first_ms = pauses.failed("AWAY", 100'000);
    CHECK((first_ms >= 800 && first_ms <= 1200));
    CHECK_FALSE(pauses.is_free("AWAY", 100'000));
    CHECK(pauses.rests_until_ms("AWAY", 100'001) == 100'000 + first_ms);
    CHECK(pauses.is_free("HERE", 100'000));
    CHECK(pauses.is_free("AWAY", 100'000 + first_ms));
    CHECK(pauses.failed("AWAY", 200'000) > first_ms);
    for (int i = 0; i < 30; ++i) CHECK(pauses.failed("AWAY", 200'000) <= 72'000);  // the cap
    pauses.answered("AWAY");
    CHECK(pauses.is_free("AWAY", 200'000));
    CHECK(pauses.failed("AWAY", 300'000) <= 1200);
}

TEST_CASE("one thread calls a peer at a time", "[scp]") {
    PeerPauses pauses{kLimits};
    {
        const auto turn = pauses.begin("PEER");
        CHECK(pauses.is_called("PEER"));
        CHECK_FALSE(pauses.is_free("PEER", 0));
        CHECK(pauses.is_free("OTHER", 0));
    }
    CHECK(pauses.is_free("PEER", 0));
}
