// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "scp/receive/handshake_limiter.h"
#include "scp/receive/image_rate.h"
#include "scp/receive/slots.h"
#include "scp/wire/dial.h"

using namespace bucky::scp;

TEST_CASE("a minute's worth of images may come at once, then one each time its time has passed",
          "[scp]") {
    ImageRate rate;
    for (int i = 0; i < 60; ++i) REQUIRE(rate.admit("one", 60, 1000));
    CHECK_FALSE(rate.admit("one", 60, 1000));
    CHECK_FALSE(rate.admit("one", 60, 1900));
    CHECK(rate.admit("one", 60, 2100));
    CHECK_FALSE(rate.admit("one", 60, 2100));
    CHECK(rate.admit("other", 60, 2100));  // another row's count is its own
    for (int i = 0; i < 60; ++i) REQUIRE(rate.admit("one", 60, 10'000'000));
    CHECK_FALSE(rate.admit("one", 60, 10'000'000));
    CHECK_FALSE(rate.admit("one", 60, 0));  // a clock that was put back gives nothing
}

TEST_CASE("there are as many places as were made, and a place that is left can be taken", "[scp]") {
    Slots room(2);
    auto first = room.take();
    const auto second = room.take();
    REQUIRE(first);
    REQUIRE(second);
    CHECK_FALSE(room.take());
    auto moved = std::move(first);
    CHECK_FALSE(room.take());
    moved.reset();
    CHECK(room.take());
}

TEST_CASE("when one too many stands at the door, the one that stands there longest is cut off",
          "[scp][tls]") {
    HandshakeLimiter step(2);
    auto [first, first_peer] = connected_pair();
    auto [second, second_peer] = connected_pair();
    auto [third, third_peer] = connected_pair();
    const auto oldest = step.stand(first.get());
    const auto newer = step.stand(second.get());
    CHECK_FALSE(oldest.cut());
    const auto newest = step.stand(third.get());
    CHECK(oldest.cut());
    CHECK_FALSE(newer.cut());
    CHECK_FALSE(newest.cut());
    char byte = 0;
    CHECK(::recv(first_peer.get(), &byte, 1, 0) == 0);
    CHECK(::recv(second_peer.get(), &byte, 1, MSG_DONTWAIT) < 0);
}
