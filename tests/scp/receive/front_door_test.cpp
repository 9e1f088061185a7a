// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <list>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

int echo(const TestFrontDoor& door, const std::string& called = "BUCKY") {
    return run({"echoscu", "-aec", called, "127.0.0.1", door.port_text()}).status;
}

/// Whether /metrics counts connections that ended in this way.
bool counted(const std::string& end) {
    return metrics::text().find("bucky_associations_total{end=\"" + end + "\"}") !=
           std::string::npos;
}

}  // namespace

TEST_CASE("a C-ECHO is answered", "[scp]") {
    TestFrontDoor door;
    CHECK(echo(door) == 0);
    CHECK(poll_until([&] { return door.door().open_associations() == 0; }, 60s));
}

TEST_CASE("a command set without an end is cut off before it fills the memory", "[scp][hostile]") {
    TestFrontDoor door;
    const auto ends = [&](const Bytes& fragment) {
        WireClient client(door.port());
        REQUIRE(client.associate({}) == 2);
        for (int i = 0; i < 20'000; ++i) {
            client.send(fragment);
            if (i % 100 == 0 && client.closed_within(1ms)) return true;
        }
        return client.closed_within(2s);
    };
    Bytes empty{4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 1};
    CHECK(ends(empty));
    Bytes large{4, 0, 0, 0, 0x10, 6, 0, 0, 0x10, 2, 1, 1};
    large.resize(large.size() + 0x1000, 0x41);
    CHECK(ends(large));
    CHECK(echo(door) == 0);
}

TEST_CASE("rejected callers that stay connected take no slot from others", "[scp][hostile]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.max_associations = 4; });
    std::list<WireClient> strangers;
    for (int i = 0; i < 10; ++i) {
        CHECK(strangers.emplace_back(door.port()).associate({.called = "NOT_US"}) == 3);
        WireClient client(door.port());
        CHECK(client.associate({}) == 2);
        client.release();
    }
}

TEST_CASE("a caller that sends C-ECHO in a loop is slowed down and still answered",
          "[scp][hostile]") {
    TestFrontDoor door;
    WireClient client(door.port());
    REQUIRE(client.associate({}) == 2);
    const auto took = [&](int echoes) {
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < echoes; ++i) REQUIRE(client.echo() == 0);
        return std::chrono::steady_clock::now() - began;
    };
    (void)took(500);
    CHECK(took(50) >= 490ms);
}

TEST_CASE("20 echoes among hostile connections finish within a second", "[scp]") {
    TestFrontDoor door;
    std::list<WireClient> strangers;
    for (int i = 0; i < 100; ++i) strangers.emplace_back(door.port());
    for (int i = 0; i < 20; ++i) {
        strangers.emplace_back(door.port());
        strangers.back().send("GET / HTTP/1.1\r\nHost: pacs\r\n\r\n");
        strangers.emplace_back(door.port());
        const auto request = WireClient::associate_request({});
        strangers.back().send(std::span{request}.first(request.size() / 2));
    }
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        WireClient client(door.port());
        REQUIRE(client.associate({}) == 2);
        REQUIRE(client.echo() == 0);
        client.release();
    }
    CHECK(std::chrono::steady_clock::now() - began < 1s);
}

TEST_CASE("a connection that is not DICOM is closed at its first bytes", "[scp]") {
    TestFrontDoor door;
    const auto closed_after = [&](std::string_view bytes) {
        WireClient client(door.port());
        client.send(bytes);
        return client.closed_within(2s);
    };
    CHECK(closed_after("GET / HTTP/1.1\r\n\r\n"));
    CHECK(closed_after("G"));
    CHECK(closed_after({"\x16\x03\x01\x02\x00\x01", 6}));
    CHECK(closed_after({"\x01\0\xFF\xFF\xFF\xFF", 6}));  // 4 GiB
    CHECK(closed_after({"\x01\0\0\0\0\0", 6}));
    CHECK(counted("door_not_dicom"));
    CHECK(counted("door_too_large"));
    CHECK(counted("door_too_short"));
    CHECK(door.door().open_associations() == 0);
    CHECK(echo(door) == 0);
}

TEST_CASE("a connection that is silent, stops halfway or sends byte by byte is closed by ARTIM",
          "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.artim_s = 1; });
    const auto request = WireClient::associate_request({});
    WireClient silent(door.port());
    WireClient half(door.port());
    half.send(std::span{request}.first(request.size() - 1));
    WireClient drips(door.port());
    const auto began = std::chrono::steady_clock::now();
    bool over = false;
    for (std::size_t i = 0; i < request.size() && !over; ++i) {
        drips.send(std::span{request}.subspan(i, 1));
        over = drips.closed_within(50ms);
    }
    CHECK(over);
    CHECK(std::chrono::steady_clock::now() - began < 3s);
    CHECK(silent.closed_within(3s));
    CHECK(half.closed_within(3s));
    CHECK(counted("door_silent"));
    CHECK(counted("door_slow"));
}

TEST_CASE("a request that arrives in pieces is accepted", "[scp]") {
    TestFrontDoor door;
    const auto request = WireClient::associate_request({});
    WireClient client(door.port());
    for (const auto byte : request) client.send({&byte, 1});
    CHECK_FALSE(client.closed_within(200ms));  // accepted: the request is awaited
    CHECK(poll_until([&] { return door.door().open_associations() == 1; }, 60s));
}

TEST_CASE("a request that DCMTK cannot parse ends its session alone", "[scp]") {
    TestFrontDoor door;
    WireClient client(door.port());
    client.send({"\x01\0\0\0\0\xC8", 6});  // a whole A-ASSOCIATE-RQ by its length
    client.send(std::string(200, '\xFF'));
    CHECK(client.closed_within(20s));
    CHECK(poll_until([&] { return door.door().open_associations() == 0; }, 60s));
    CHECK(echo(door) == 0);
}

TEST_CASE("beyond the limit of associations the rejection is transient", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.max_associations = 1; });
    WireClient first(door.port());
    REQUIRE(first.associate({}) == 2);
    const auto second = run({"echoscu", "-aec", "BUCKY", "127.0.0.1", door.port_text()});
    CHECK(second.status != 0);
    CHECK_THAT(second.output, Catch::Contains("Rejected Transient"));
    CHECK_THAT(second.output, Catch::Contains("Local Limit Exceeded"));
    CHECK(counted("door_limit"));
    first.release();
    CHECK(poll_until([&] { return echo(door) == 0; }, 60s));
}

TEST_CASE("thousands of silent connections do not affect a caller", "[scp]") {
    TestFrontDoor door;
    std::list<WireClient> strangers;
    for (std::size_t i = 0; i < limits::kGreetingsMax + 50; ++i)
        strangers.emplace_back(door.port());
    WireClient client(door.port());
    CHECK(client.associate({}) == 2);
    CHECK(client.echo() == 0);
    CHECK(door.door().pending_associations() <= limits::kGreetingsMax);
    CHECK(strangers.front().closed_within(20s));  // the one that waited longest was dropped
    CHECK_FALSE(strangers.back().closed_within(10ms));
    CHECK(counted("door_crowded"));
}

TEST_CASE("a called AE title that is not ours is rejected for good", "[scp]") {
    TestFrontDoor door;
    const auto wrong = run({"echoscu", "-aec", "NOT_US", "127.0.0.1", door.port_text()});
    CHECK(wrong.status != 0);
    CHECK_THAT(wrong.output, Catch::Contains("Called AE Title Not Recognized"));
    CHECK_THAT(wrong.output, Catch::Contains("Rejected Permanent"));
    TestFrontDoor careless([](conf::Settings& settings) { settings.scp.check_called_ae = false; });
    CHECK(echo(careless, "ANY_NAME") == 0);
}

TEST_CASE("a caller that no [[peer]] row names is rejected for good", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) {
        settings.peers = {{"XRAY1", "127.0.0.0/8"}, {"XRAY2", "10.0.0.0/8"}};
    });
    const auto call = [&](const std::string& calling) {
        return run({"echoscu", "-aet", calling, "-aec", "BUCKY", "127.0.0.1", door.port_text()});
    };
    CHECK(call("XRAY1").status == 0);
    CHECK_THAT(call("XRAY2").output, Catch::Contains("Calling AE Title Not Recognized"));
    CHECK_THAT(call("XRAY3").output, Catch::Contains("Calling AE Title Not Recognized"));
}

TEST_CASE("a silent association ends after the read timeout", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.read_timeout_s = 1; });
    WireClient client(door.port());
    REQUIRE(client.associate({}) == 2);
    CHECK(client.closed_within(20s));
    CHECK(poll_until([&] { return door.door().open_associations() == 0; }, 60s));
    CHECK(counted("idle"));
}

TEST_CASE("a P-DATA-TF that never ends is cut off by the read timeout", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.read_timeout_s = 1; });
    WireClient client(door.port());
    REQUIRE(client.associate({}) == 2);
    client.send({"\x04\0\0\0\x10\0", 6});  // 4096 bytes are announced
    bool over = false;
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 100 && !over; ++i) {
        client.send(std::string_view{"\0", 1});
        over = client.closed_within(100ms);
    }
    CHECK(over);
    CHECK(std::chrono::steady_clock::now() - began < 6s);
}

TEST_CASE("draining rejects new associations and ends idle ones", "[scp]") {
    TestFrontDoor door;
    WireClient client(door.port());
    REQUIRE(client.associate({}) == 2);
    CHECK(door.door().drain(20s));
    CHECK(client.closed_within(1s));
    CHECK(echo(door) != 0);
}

TEST_CASE("the destructor ends sessions that will not end", "[scp]") {
    auto door = std::make_unique<TestFrontDoor>();
    WireClient client(door->port());
    REQUIRE(client.associate({}) == 2);
    client.send({"\x04\0\0\0\x10\0", 6});
    CHECK_FALSE(door->door().drain(100ms));
    const auto began = std::chrono::steady_clock::now();
    door.reset();
    CHECK(std::chrono::steady_clock::now() - began < 2s);
    CHECK(client.closed_within(1s));
}

TEST_CASE("a port that is in use is reported with the keys to change", "[scp]") {
    TestFrontDoor door;
    const auto open_same = [&] {
        TestFrontDoor other([&](conf::Settings& settings) { settings.scp.port = door.port(); });
    };
    CHECK_THROWS_WITH(open_same(), Catch::Contains("scp.port"));
}
