// SPDX-License-Identifier: Apache-2.0
// kill -9 between any two steps of the journey: after a restart every answered image has exactly
// one result in the PACS. The real daemon kills itself at the named point (conf/run/crash_point.h).
#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/run/crash_point.h"
#include "tests/crash/journey.h"
#include "tests/support/places.h"
#include "tools/fake_pacs/port.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// The groups of crash points: one test case each, so that they run in parallel.
constexpr std::string_view kRooms[] = {"store",   "intake",    "infer",      "report", "outbox",
                                       "courier", "retention", "commitment", "owed"};

void die_and_recover(const std::string& crash_at, const std::string& storage, int side_px) {
    INFO("killed at " << crash_at);
    Journey journey{3, crash_at, storage, side_px};
    journey.send_unanswered();
    const auto ended = journey.node().process().wait(60s);
    INFO("log:\n" << journey.node().process().output());
    REQUIRE(ended == -SIGKILL);  // else the point was never reached

    journey.node().restart();
    journey.send_unanswered();
    CHECK(journey.all_answered());
    journey.wait_until_quiet();
    journey.check();
}

/// By default with the first image in progress, and with a later one, when earlier ones could be
/// lost.
void walk(std::string_view room, const std::string& storage = "",
          const std::vector<const char*>& passes = {":1", ":3"}, int side_px = 320) {
    int walked = 0;
    for (const auto point : kCrashPoints) {
        if (point.substr(0, point.find('.')) != room) continue;
        ++walked;
        for (const auto* pass : passes) {
            die_and_recover(std::string{point} + pass, storage, side_px);
        }
    }
    CHECK(walked > 0);
}

}  // namespace

TEST_CASE("killed while receiving, the node forgets nothing it answered", "[crash]") {
    walk("store");
}

TEST_CASE("killed between file and row, the node keeps a whole image or none", "[crash]") {
    walk("intake");
}

TEST_CASE("killed while looking at an image, the node looks again", "[crash]") {
    walk("infer");
}

TEST_CASE("killed while making a report, the node makes the same one", "[crash]") {
    walk("report");
}

TEST_CASE("killed between result files and rows, the node keeps all results or none", "[crash]") {
    walk("outbox");
}

TEST_CASE("killed while delivering, the node sends no second result", "[crash]") {
    walk("courier");
}

TEST_CASE("killed while a delivered study leaves, the node ends its leave and loses no other",
          "[crash]") {
    walk("retention", "keep_mb = 1", {":1", ":3"}, 720);  // a megabyte each
}

TEST_CASE("killed while asking for storage commitment, the node asks until it is promised",
          "[crash][commitment]") {
    walk("commitment", "", {":2"});  // one study committed, one requested, one to come
}

TEST_CASE("killed while a modality waits for its commitment, the node still tells it",
          "[crash][commitment]") {
    for (const auto* point : {"owed.before_commit", "owed.after_commit", "owed.after_report"}) {
        INFO("killed at " << point);
        const TempDir dir;
        const int callback = fake::free_port();
        RunningNode node{{.more = "[[peer]]\nae_title = \"XRAY1\"\nhost = \"127.0.0.1\"\nport = " +
                                  std::to_string(callback) + '\n',
                          .environment = {{"BUCKY_CRASH_AT", point}}}};
        const auto xray = write_xray(dir.path(), {.seed = 2000});
        const auto modality = [&](const std::string& wait_s) {
            return std::vector<std::string>{fake_modality_program().string(),
                                            "--to",
                                            "127.0.0.1:" + std::to_string(node.dicom_port()),
                                            "--port",
                                            std::to_string(callback),
                                            "--wait",
                                            wait_s,
                                            xray.file.string()};
        };
        Process first{modality("60")};
        REQUIRE(node.process().wait(30s) == -SIGKILL);
        const bool was_answered = first.wait_for_line("action 0000", 60s).has_value();
        node.restart();
        if (was_answered) {
            CHECK(first.wait(60s) == 0);
        } else {  // no report: it asks again, as a modality would
            CHECK(first.wait(60s).value_or(0) != 0);
            CHECK(run(modality("60")).status == 0);
        }
    }
}

TEST_CASE("every crash point belongs to a room that is walked", "[crash]") {
    for (const auto point : kCrashPoints) {
        INFO(point);
        CHECK(std::find(std::begin(kRooms), std::end(kRooms), point.substr(0, point.find('.'))) !=
              std::end(kRooms));
    }
}
