// SPDX-License-Identifier: Apache-2.0
// The node's decoders are separate processes: they may crash, and they end with the node.
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/ledger.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// The processes that `pid` started, from any of its threads.
std::vector<int> children_of(int pid) {
    std::vector<int> children;
    const auto tasks = std::filesystem::path("/proc") / std::to_string(pid) / "task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream file(task.path() / "children");
        for (int child = 0; file >> child;) children.push_back(child);
    }
    return children;
}

bool is_alive(int pid) {
    return ::kill(pid, 0) == 0;
}

std::string verdict_of(RunningNode& node, const TempDir& dir, std::uint64_t seed) {
    const auto xray = write_xray(dir.path(), {.seed = seed});
    REQUIRE(node.store(xray.file) == 0x0000);
    return field(node.verdict_line(xray.uids.sop_instance_uid), "verdict");
}

bool is_analysed(const std::string& verdict) {
    return verdict == "findings" || verdict == "no_findings";
}

}  // namespace

TEST_CASE("a decoder that dies costs no image, and the node starts another", "[system][decoder]") {
    const TempDir dir;
    RunningNode node;
    CHECK(is_analysed(verdict_of(node, dir, 81)));
    const auto decoders = children_of(node.process().pid());
    REQUIRE(decoders.size() >= 2);
    for (const int signal : {SIGSEGV, SIGKILL}) {
        for (const int decoder : children_of(node.process().pid())) {
            REQUIRE(::kill(decoder, signal) == 0);
        }
        CHECK(is_analysed(verdict_of(node, dir, 82 + static_cast<std::uint64_t>(signal))));
    }
    CHECK(node.running());
    CHECK(node.logged("decoder.died"));
    CHECK(children_of(node.process().pid()) != decoders);
}

TEST_CASE("no decoder outlives its node, however that ends", "[system][decoder]") {
    RunningNode node;
    const auto decoders = children_of(node.process().pid());
    REQUIRE(decoders.size() >= 2);
    SECTION("stopped") {
        CHECK(node.stop() == 0);
    }
    SECTION("killed") {
        node.kill9();
    }
    for (const int decoder : decoders) {
        CHECK(poll_until([&] { return !is_alive(decoder); }, 10s));
    }
}
