// SPDX-License-Identifier: Apache-2.0
// What a [[peer]] row permits its callers, and the limits that it sets.
#include <chrono>

#include <catch2/catch.hpp>

#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr int kAccepted = 2, kRefusedContext = 3, kRejected = 3;

TestFrontDoor door_for(const conf::PeerSettings& row) {
    return TestFrontDoor([&](conf::Settings& settings) { settings.peers = {row}; });
}

int asks_for(const TestFrontDoor& door, const std::string& sop_class, const std::string& syntax) {
    WireClient client(door.port());
    return client.associate({sop_class, syntax});
}

}  // namespace

TEST_CASE("a caller is offered what its row permits, each class separately", "[scp][rules]") {
    constexpr auto kCommitment = "1.2.840.10008.1.20.1";
    struct Row {
        bool echo, store, commit;
    };
    for (const auto [echo, store, commit] :
         {Row{true, false, false}, Row{false, true, false}, Row{false, false, true}}) {
        INFO(echo << store << commit);
        conf::PeerSettings row{"XRAY1", ""};
        row.echo = echo;
        row.store = store;
        row.commit = commit;
        const auto door = door_for(row);
        const auto wanted = [](bool allowed) { return allowed ? kAccepted : kRefusedContext; };
        CHECK(asks_for(door, kVerification, kImplicitLittleEndian) == wanted(echo));
        CHECK(asks_for(door, kCr, kExplicitLittleEndian) == wanted(store));
        CHECK(asks_for(door, kCommitment, kExplicitLittleEndian) == wanted(commit));
    }
}

TEST_CASE("as soon as one peer is configured, all others are rejected", "[scp][rules]") {
    const auto door = door_for({"XRAY1", "127.0.0.1"});
    WireClient known(door.port()), unknown(door.port());
    CHECK(known.associate({.calling = "XRAY1"}) == kAccepted);
    CHECK(unknown.associate({.calling = "XRAY2"}) == kRejected);
}

TEST_CASE("the callers of a row share its limit of associations", "[scp][rules]") {
    conf::PeerSettings row{"", "127.0.0.0/8"};
    row.max_associations = 2;
    const auto door = door_for(row);
    WireClient first(door.port()), second(door.port()), third(door.port());
    REQUIRE(first.associate({.calling = "XRAY1"}) == kAccepted);
    REQUIRE(second.associate({.calling = "XRAY2"}) == kAccepted);
    CHECK(third.associate({.calling = "XRAY3"}) == kRejected);
    first.release();
    CHECK(poll_until(
        [&] { return WireClient{door.port()}.associate({.calling = "XRAY3"}) == kAccepted; }, 60s));
}

TEST_CASE("more images a minute than the row says are refused for now", "[scp][rules]") {
    conf::PeerSettings row{"XRAY1", ""};
    row.images_per_minute = 2;
    auto door = door_for(row);
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == kAccepted);
    std::vector<int> statuses;
    for (int i = 1; i <= 3; ++i) {
        const auto uid = "1.2.826.0.1.3680043.9.1." + std::to_string(i);
        const auto image =
            dataset_bytes(write_image(door.dir() / "image.dcm", {.sop_instance = uid}));
        statuses.push_back(client.store(uid, image).value_or(-1));
    }
    // A new third of the quota takes half a minute.
    CHECK(statuses == std::vector<int>{0, 0, 0xA700});
    CHECK(door.kept().size() == 2);
}
