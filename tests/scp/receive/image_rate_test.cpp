// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <list>
#include <vector>

#include <catch2/catch.hpp>

#include "scp/receive/handshake_limiter.h"
#include "scp/receive/image_rate.h"
#include "scp/receive/peers.h"
#include "scp/receive/slots.h"
#include "scp/wire/dial.h"

using namespace bucky::scp;

TEST_CASE("the images of a minute may come at once, then one per interval", "[scp]") {
    ImageRate rate;
    for (int i = 0; i < 60; ++i) REQUIRE(rate.admit("one", 60, 1000));
    CHECK_FALSE(rate.admit("one", 60, 1000));
    CHECK_FALSE(rate.admit("one", 60, 1900));
    CHECK(rate.admit("one", 60, 2100));
    CHECK_FALSE(rate.admit("one", 60, 2100));
    CHECK(rate.admit("other", 60, 2100));  // each row has its own count
    for (int i = 0; i < 60; ++i) REQUIRE(rate.admit("one", 60, 10'000'000));
    CHECK_FALSE(rate.admit("one", 60, 10'000'000));
    CHECK_FALSE(rate.admit("one", 60, 0));  // a clock that is set back adds nothing
}

TEST_CASE("there are as many slots as configured, and a released slot can be taken", "[scp]") {
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

TEST_CASE("beyond the limit of pending connections the oldest one is cut", "[scp][tls]") {
    HandshakeLimiter step(2);
    auto [first, first_peer] = connected_pair();
    auto [second, second_peer] = connected_pair();
    auto [third, third_peer] = connected_pair();
    const auto oldest = step.stand(first.get(), "10.0.0.1");
    const auto newer = step.stand(second.get(), "10.0.0.1");
    CHECK_FALSE(oldest.cut());
    const auto newest = step.stand(third.get(), "10.0.0.1");
    CHECK(oldest.cut());
    CHECK_FALSE(newer.cut());
    CHECK_FALSE(newest.cut());
    char byte = 0;
    CHECK(::recv(first_peer.get(), &byte, 1, 0) == 0);
    CHECK(::recv(second_peer.get(), &byte, 1, MSG_DONTWAIT) < 0);
}

TEST_CASE("the address with most pending connections loses its own, although another one is older",
          "[scp][tls][hostile]") {
    HandshakeLimiter step(3);
    std::vector<UniqueFd> fds;
    const auto stand = [&](const char* address) {
        auto [here, there] = connected_pair();
        const int fd = here.get();
        fds.push_back(std::move(here));
        fds.push_back(std::move(there));
        return step.stand(fd, address);
    };
    const auto modality = stand("10.0.0.7");
    std::list<HandshakeLimiter::Slot> flood;
    for (int i = 0; i < 20; ++i) flood.push_back(stand("10.0.0.66"));
    CHECK_FALSE(modality.cut());
    CHECK(std::count_if(flood.begin(), flood.end(), [](const auto& one) { return one.cut(); }) ==
          18);
    CHECK_FALSE(flood.back().cut());
}

TEST_CASE("the connection to drop is found by number of connections, or by their weight",
          "[scp][hostile]") {
    PendingByAddress<int> pending;
    CHECK(pending.first_to_go() == nullptr);
    const auto heavy = pending.join("10.0.0.1", 100);
    (void)pending.join("10.0.0.2", 1);
    (void)pending.join("10.0.0.2", 2);
    CHECK(*pending.first_to_go() == 1);
    CHECK(*pending.first_to_go_by([](int one) { return std::size_t(one); }) == 100);
    CHECK(pending.take_first_to_go() == 1);
    pending.leave(heavy);
    CHECK(pending.size() == 1);
    CHECK(pending.take_first_to_go() == 2);
    CHECK(pending.first_to_go() == nullptr);
}

TEST_CASE("an IPv6 host is counted by its /64, an IPv4 host by itself", "[scp]") {
    CHECK(network_of("10.1.2.3") == "10.1.2.3");
    CHECK(network_of("fd00:1:2:3:4:5:6:7") == network_of("fd00:1:2:3::9"));
    CHECK(network_of("fd00:1:2:4::9") != network_of("fd00:1:2:3::9"));
    CHECK(network_of("") == "");
}
