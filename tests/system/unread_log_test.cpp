// SPDX-License-Identifier: Apache-2.0
// The real node with its standard output on a pipe whose reader does not read.
#include <chrono>
#include <csignal>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

bool is_told(RunningNode& node, const std::string& words) {
    return node.bucky({"status"}).output.find(words) != std::string::npos;
}

/// The number of images with a verdict.
int analysed(RunningNode& node) {
    const auto status = nlohmann::json::parse(node.bucky({"status", "--json"}).output);
    for (const auto& lane : status["queues"]) {
        if (lane["lane"] == "infer") return lane["done"];
    }
    return 0;
}

}  // namespace

TEST_CASE("a log that nobody reads keeps no image and no stop waiting, and is told of",
          "[system][log][stop]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 71, .rows = 256, .columns = 256});
    RunningNode node{{.node = "stop_timeout_s = 10"}};
    node.process().hold_output();
    for (int i = 0; i < 30; ++i) REQUIRE(echo(node.dicom_port()) == 0);
    CHECK(poll_until([&] { return is_told(node, "nobody takes the log"); }, 60s));
    CHECK(node.store(xray.file) == 0x0000);
    CHECK(poll_until([&] { return analysed(node) == 1; }, 60s));
    SECTION("it stops in time") {
        node.process().signal(SIGTERM);
        CHECK(node.process().wait(20s) == 0);
    }
    SECTION("it goes on where it stopped, once somebody reads") {
        node.process().let_output_flow();
        CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
        CHECK(poll_until([&] { return !is_told(node, "nobody takes the log"); }, 60s));
        CHECK(node.process().output().find("log.dropped") == std::string::npos);
    }
}
