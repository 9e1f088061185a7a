// SPDX-License-Identifier: Apache-2.0
// A PACS that is down delays no other destination, and gets its results when it is back.
#include <chrono>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/orthanc.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using Steady = std::chrono::steady_clock;

TEST_CASE("a dead PACS delays nothing and gets its results when it comes back",
          "[system][delivery]") {
    const TempDir dir;
    FakePacs healthy;
    Orthanc dead;
    auto there = healthy.destination();
    there.name = "there";
    RunningNode node{{.destinations = {there, dead.destination()}}};
    dead.stop();

    const auto xray = write_xray(dir.path(), {.seed = 31});
    const auto started = Steady::now();
    REQUIRE(node.store(xray.file) == 0x0000);
    CHECK(poll_until([&] { return healthy.stored().size() == 2; }, 20s));
    CHECK(Steady::now() - started < 20s);
    CHECK(node.logged("deliver.unreachable"));

    // Waiting results survive a restart of the node too.
    node.restart();
    dead.start();
    const auto results = dead.wait_for_results(xray.uids.study_uid, 1);
    CHECK(results.reports.size() == 1);
    CHECK(results.overlays.size() == 1);
    CHECK(healthy.stored().size() == 2);
}
