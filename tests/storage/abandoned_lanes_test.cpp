// SPDX-License-Identifier: Apache-2.0
#include "storage/abandoned_lanes.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "conf/observe/log.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

const Lane kOld = Lane::deliver("pacs");  // the destination of DataFolder's results

/// A study with a waiting report and a waiting picture.
void make_study(DataFolder& node, const std::string& study) {
    node.send({.sop_instance = study + ".1", .bytes = study, .study = study});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    node.studies.make_due_reports();
    REQUIRE(node.put(*node.jobs.claim(Lane::report(), 60'000), study));
}

bool anybody(const std::string& /*study*/) {
    return true;
}

Backlog backlog_of(DataFolder& node, const Lane& wanted) {
    for (const auto& lane : node.jobs.backlog()) {
        if (lane.lane == wanted) return lane;
    }
    return {};
}

std::int64_t told(DataFolder& node, std::string_view event, std::string_view study = kStudy) {
    const auto events = node.events(study);
    return std::count(events.begin(), events.end(), event);
}

std::int64_t left_by_sweep(DataFolder& node) {
    log::set_level(log::Level::error);
    return Retention(node.db, node.dir.path(), node.clock, {.keep_bytes = 1}).sweep(100).studies;
}

}  // namespace

TEST_CASE("a dropped result is sent nowhere, the journal says so, and its study may be removed",
          "[storage]") {
    DataFolder node;
    make_study(node, kStudy);
    const auto parked = node.jobs.claim(kOld, 60'000);
    REQUIRE(node.jobs.park(*parked, "no"));
    CHECK(left_by_sweep(node) == 0);

    const auto outcome = AbandonedLanes{node.db, node.clock}.drop(kOld);
    CHECK(outcome.left == 2);
    const auto lane = backlog_of(node, kOld);
    CHECK(lane.ready + lane.parked + lane.running == 0);
    CHECK(lane.done == 0);  // nothing was delivered
    CHECK(told(node, "result.dropped") == 2);
    CHECK(node.journal.of_study(kStudy).back().words == "for pacs: dropped by hand");
    CHECK(node.studies.line(kStudy)->delivered_at_ms == 0);
    CHECK(left_by_sweep(node) == 1);
}

TEST_CASE("a moved result is due once at the other destination", "[storage]") {
    DataFolder node;
    make_study(node, kStudy);
    make_study(node, "1.2.3.2");
    const auto waiting = node.jobs.claim(kOld, 60'000);
    REQUIRE(node.jobs.retry_later(*waiting, node.clock.now_ms() + 900'000, "away"));
    AbandonedLanes lanes{node.db, node.clock};
    CHECK(lanes.move(kOld, "new", anybody).left == 4);
    CHECK(backlog_of(node, Lane::deliver("new")).ready == 4);
    CHECK(backlog_of(node, kOld).ready == 0);
    CHECK(told(node, "result.moved") == 2);
    for (int job = 0; job < 4; ++job) {
        const auto due = node.jobs.claim(Lane::deliver("new"), 60'000);
        REQUIRE(due);
        CHECK(due->attempt == 1);
        REQUIRE(node.jobs.finish(*due));
    }
    CHECK_FALSE(node.jobs.claim(Lane::deliver("new"), 60'000));
    CHECK(lanes.move(kOld, "new", anybody).left == 0);
    CHECK(left_by_sweep(node) == 2);
}

TEST_CASE("a result that the other destination has is not sent to it again", "[storage]") {
    DataFolder node;
    make_study(node, kStudy);
    AbandonedLanes lanes{node.db, node.clock};
    // The same two results, put again after the destination got its new name.
    REQUIRE(lanes.move(kOld, "new", anybody).left == 2);
    while (const auto due = node.jobs.claim(Lane::deliver("new"), 60'000)) node.jobs.finish(*due);
    node.studies.retry(kStudy);
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    REQUIRE(node.put(*node.jobs.claim(Lane::report(), 60'000), kStudy));
    REQUIRE(backlog_of(node, kOld).ready == 2);
    const auto outcome = lanes.move(kOld, "new", anybody);
    CHECK(outcome.left == 2);
    CHECK(outcome.had_it == 2);
    CHECK(backlog_of(node, Lane::deliver("new")).ready == 0);
}

TEST_CASE("a running job is not touched, and results that may not go there stay", "[storage]") {
    DataFolder node;
    make_study(node, kStudy);
    make_study(node, "1.2.3.2");
    const auto running = node.jobs.claim(kOld, 60'000);
    REQUIRE(running);
    AbandonedLanes lanes{node.db, node.clock};
    const auto moved = lanes.move(kOld, "new", [](const auto& study) { return study == kStudy; });
    CHECK(moved.left == (running->study == kStudy ? 1 : 2));
    CHECK(moved.withheld == (running->study == kStudy ? 2 : 1));
    CHECK(backlog_of(node, kOld).running == 1);
    CHECK(lanes.drop(kOld).left == moved.withheld);
    CHECK(node.jobs.finish(*running));
}

TEST_CASE("thousands of jobs are removed from a lane in many transactions", "[storage]") {
    DataFolder node;
    for (int study = 0; study < 150; ++study) make_study(node, "1.5." + std::to_string(study));
    CHECK(AbandonedLanes{node.db, node.clock}.drop(kOld).left == 300);
    CHECK(node.jobs.open(kOld) == 0);
}

}  // namespace bucky::storage::test
