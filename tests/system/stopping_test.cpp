// SPDX-License-Identifier: Apache-2.0
// SIGTERM finishes or safely leaves work in progress within node.stop_timeout_s, even when
// something hangs; a second SIGTERM ends the node at once. Nothing is lost either way.
#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

constexpr auto kRejected = 3;  // A-ASSOCIATE-RJ

NodeOptions stopping_within(int seconds, Environment environment = {},
                            std::vector<Destination> destinations = {}) {
    return {.destinations = std::move(destinations),
            .node = "stop_timeout_s = " + std::to_string(seconds),
            .environment = std::move(environment)};
}

}  // namespace

TEST_CASE("SIGTERM in the middle of a C-STORE lets it end, and tells new callers to come later",
          "[system][stop]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 61});
    RunningNode node{stopping_within(10)};
    WireClient modality{node.dicom_port()};
    REQUIRE(modality.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
    const auto status =
        modality.store(xray.uids.sop_instance_uid, dataset_of(xray.file.string()), [&] {
            node.process().signal(SIGTERM);
            REQUIRE(node.logged(" node.stopping "));
            const auto refused = [&] {
                WireClient late{node.dicom_port()};
                return late.associate({}) == kRejected;
            };
            CHECK(poll_until(refused, 5s));
            CHECK(node.logged("why=stopping"));
        });
    CHECK(status == 0x0000);
    modality.release();
    CHECK(node.process().wait(10s) == 0);
    node.restart();
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
}

TEST_CASE("a sender that stops in the middle of a C-STORE is cut off, and may send again",
          "[system][stop]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 62});
    RunningNode node{stopping_within(2)};
    WireClient modality{node.dicom_port()};
    REQUIRE(modality.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
    std::optional<int> ended;
    (void)modality.store(xray.uids.sop_instance_uid, dataset_of(xray.file.string()), [&] {
        node.process().signal(SIGTERM);
        ended = node.process().wait(10s);
    });
    CHECK(ended == 0);
    node.restart();
    CHECK(node.store(xray.file) == 0x0000);
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
}

TEST_CASE("a PACS that hangs does not keep the node from stopping, and gets its results later",
          "[system][stop]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 63});
    std::optional<FakePacs> deaf{std::in_place, std::vector<std::string>{"--behave", "no-answer"}};
    auto there = deaf->destination();
    there.more = "response_timeout_s = 3600\n";
    RunningNode node{stopping_within(3, {}, {there})};
    REQUIRE(node.store(xray.file) == 0x0000);
    REQUIRE(poll_until([&] { return deaf->stored().size() == 1; }, 20s));  // and no answer
    const auto began = Steady::now();
    node.process().signal(SIGTERM);
    CHECK(node.process().wait(10s) == 0);
    CHECK(Steady::now() - began < 4s);
    CHECK(node.process().output().find("node.left_behind") == std::string::npos);
    CHECK(node.process().output().find("node.stopped") != std::string::npos);

    const auto first = deaf->stored().at(0).filename().string();
    deaf.reset();
    FakePacs good{{}, there.port};
    node.restart();
    CHECK(poll_until([&] { return good.stored().size() == 2; }, 20s));
    const auto uid = first.substr(first.find('_'));
    CHECK_THAT(good.stored()[0].string() + good.stored()[1].string(), Catch::Contains(uid));
}

TEST_CASE("a model that hangs does not keep the node from stopping, and its image is not lost",
          "[system][stop]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 64});
    RunningNode node{stopping_within(1, {{"BUCKY_HANG_AT", "infer.after_claim"}})};
    REQUIRE(node.store(xray.file) == 0x0000);
    const auto began = Steady::now();
    node.process().signal(SIGTERM);
    CHECK(node.process().wait(10s) == 0);
    CHECK(Steady::now() - began < 3s);
    CHECK(node.logged("node.left_behind"));
    node.restart();
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
}

TEST_CASE("a second SIGTERM ends the node at once, and nothing is lost", "[system][stop]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 65});
    RunningNode node{stopping_within(3600, {{"BUCKY_HANG_AT", "report.after_claim"}})};
    REQUIRE(node.store(xray.file) == 0x0000);
    REQUIRE_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
    node.process().signal(SIGTERM);
    REQUIRE(node.logged(" node.stopping "));
    const auto began = Steady::now();
    node.process().signal(SIGTERM);
    CHECK(node.process().wait(10s) == 128 + SIGTERM);
    CHECK(Steady::now() - began < 1s);
    node.restart();
    CHECK(node.logged("report.made"));
}
