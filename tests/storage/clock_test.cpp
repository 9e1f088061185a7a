// SPDX-License-Identifier: Apache-2.0
// Stored times survive a change of the clock: waiting jobs become due on time, leases stay valid,
// and nothing is removed by a time that may be wrong.
#include <catch2/catch.hpp>

#include "conf/observe/log.h"
#include "storage/expiry.h"
#include "storage/owed_commitments.h"
#include "storage/waits.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kHourMs = 3600 * kSecondMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;
constexpr std::int64_t kLongestWaitMs = 900 * kSecondMs;

void quiet() {
    log::set_level(log::Level::error);
}

/// A settled study: all its results were delivered.
void deliver_study(DataFolder& node, const std::string& study) {
    node.send({.sop_instance = study + ".1", .study = study});
    node.finish_all();
}

std::int64_t left_by_sweep(DataFolder& node) {
    return Retention(node.db, node.dir.path(), node.clock,
                     {.keep_ms = 30 * kDayMs, .journal_ms = 365 * kDayMs})
        .sweep(100)
        .studies;
}

/// An image whose analysis has to wait as long as the config allows.
struct LongestWait {
    LongestWait() {
        quiet();
        node.send({.sop_instance = "1.2.3.4"});
        REQUIRE(jobs.retry_later(*jobs.claim(Lane::infer(), kHourMs),
                                 node.clock.now_ms() + kLongestWaitMs, "not now"));
    }
    DataFolder node;
    JobQueue jobs{node.db, node.clock, kLongestWaitMs};
};

}  // namespace

TEST_CASE("a job that waits for a back-off is due when the clock is set back", "[storage]") {
    LongestWait waiting;
    auto& [node, jobs] = waiting;
    CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));
    node.clock.step_ms(-9 * kHourMs);
    CHECK(jobs.claim(Lane::infer(), kHourMs));
}

TEST_CASE("a wait within the config's limits is kept", "[storage]") {
    LongestWait waiting;
    auto& [node, jobs] = waiting;
    node.clock.advance_ms(kLongestWaitMs - 1);
    CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));
    node.clock.advance_ms(1);
    CHECK(jobs.claim(Lane::infer(), kHourMs));
}

TEST_CASE("after the clock was set back by less than a wait, what waits is due now", "[storage]") {
    quiet();
    DataFolder node;
    node.send({.sop_instance = "1.2.3.4"});
    JobQueue jobs{node.db, node.clock, kLongestWaitMs};
    REQUIRE(jobs.retry_later(*jobs.claim(Lane::infer(), kHourMs), node.clock.now_ms() + kSecondMs,
                             "not now"));
    node.clock.step_ms(-600 * kSecondMs);  // no longer than the config allows
    CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));
    CHECK(forget_waits(node.db, node.clock) == 1);
    CHECK(jobs.claim(Lane::infer(), kHourMs));
}

TEST_CASE("a job that was made by a clock that was ahead is due at the next start", "[storage]") {
    quiet();
    DataFolder node;
    JobQueue jobs{node.db, node.clock, kLongestWaitMs};
    node.clock.step_ms(300 * kSecondMs);
    node.send({.sop_instance = "1.2.3.4"});
    node.clock.step_ms(-300 * kSecondMs);
    CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));
    recover(node.db, node.dir.path(), node.clock);
    CHECK(jobs.claim(Lane::infer(), kHourMs));
}

TEST_CASE("the wait for a commitment and the one after a death are not forgotten", "[storage]") {
    quiet();
    DataFolder node;
    node.send({.sop_instance = "1.2.3.4"});
    JobQueue jobs{node.db, node.clock, kLongestWaitMs};
    for (int death = 0; death < 2; ++death) {
        REQUIRE(jobs.claim(Lane::infer(), kHourMs));
        recover(node.db, node.dir.path(), node.clock);
    }
    CHECK(forget_waits(node.db, node.clock) == 0);  // it waits a second
    CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));

    auto moved = node.db.prepare(Sql{"test.to_commit",
                                     "UPDATE job SET lane = 'commit:pacs', "
                                     "deaths = 0, not_before_ms = :due_ms"});
    moved.bind(":due_ms", node.clock.now_ms() + kLongestWaitMs).run();
    CHECK(forget_waits(node.db, node.clock) == 0);
}

TEST_CASE("a wait after recovery is kept, however short the waits of the config are", "[storage]") {
    quiet();
    DataFolder node;
    node.send({.sop_instance = "1.2.3.4"});
    JobQueue jobs{node.db, node.clock, 1};
    for (int death = 0; death < 3; ++death) {
        REQUIRE(jobs.claim(Lane::infer(), kHourMs));
        recover(node.db, node.dir.path(), node.clock);
        node.clock.advance_ms(death == 2 ? 0 : 60'000);
    }
    CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));
    node.clock.advance_ms(60'000);
    CHECK(jobs.claim(Lane::infer(), kHourMs));
}

TEST_CASE("a lease ends by elapsed time, whatever the clock is set to", "[storage]") {
    quiet();
    for (const auto by_ms : {40 * kDayMs, -9 * kHourMs}) {
        DataFolder node;
        node.send({.sop_instance = "1.2.3.4"});
        JobQueue jobs{node.db, node.clock, kLongestWaitMs};
        const auto held = jobs.claim(Lane::infer(), kHourMs);
        REQUIRE(held);
        node.clock.step_ms(by_ms);
        CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));  // its worker is alive
        node.clock.advance_ms(kHourMs - 1);
        CHECK_FALSE(jobs.claim(Lane::infer(), kHourMs));
        node.clock.advance_ms(1);
        const auto again = jobs.claim(Lane::infer(), kHourMs);
        REQUIRE(again);
        CHECK(again->attempt == 2);
        CHECK_FALSE(jobs.finish(*held));
    }
}

TEST_CASE("a study is reported on time when the clock is set back", "[storage]") {
    quiet();
    DataFolder node;
    node.send({.sop_instance = "1.2.3.4"});
    REQUIRE(node.give_verdict());
    CHECK(node.studies.make_due_reports(300 * kSecondMs) == 0);
    node.clock.step_ms(GENERATE(-9 * kHourMs, -600 * kSecondMs));
    CHECK(node.studies.make_due_reports(300 * kSecondMs) == 1);
}

TEST_CASE("an owed report is due when the clock is set back", "[storage]") {
    quiet();
    DataFolder node;
    OwedCommitments owed{node.db, node.clock, node.dir.path()};
    owed.take({.id = 0,
               .transaction = Uid{"2.25.1"},
               .requester = "XRAY1",
               .called_ae = "BUCKY",
               .peer_address = "127.0.0.1",
               .attempt = 0,
               .asked_at_ms = 0,
               .last_error = ""},
              {}, node.clock.now_ms() + 120 * kSecondMs);
    const auto next = [&] {
        owed.bound_waits(kLongestWaitMs);
        return owed.next(node.clock.now_ms() + 300 * kSecondMs);
    };
    CHECK_FALSE(next());
    node.clock.step_ms(-9 * kHourMs);
    CHECK(next());
}

TEST_CASE("a clock forty days ahead for eight seconds deletes nothing", "[storage]") {
    quiet();
    DataFolder node;
    deliver_study(node, kStudy);
    const auto files = node.files();
    node.clock.step_ms(40 * kDayMs);
    CHECK(left_by_sweep(node) == 0);
    node.clock.advance_ms(8 * kSecondMs);
    CHECK(left_by_sweep(node) == 0);
    node.clock.step_ms(-40 * kDayMs);
    node.clock.advance_ms(2 * kHourMs);
    CHECK(left_by_sweep(node) == 0);
    CHECK(node.files() == files);
    // Studies past their time are then removed as usual.
    node.clock.advance_ms(30 * kDayMs);
    CHECK(left_by_sweep(node) == 1);
}

TEST_CASE("a clock that keeps its new time is trusted after an hour", "[storage]") {
    quiet();
    DataFolder node;
    deliver_study(node, kStudy);
    node.clock.step_ms(40 * kDayMs);
    CHECK(left_by_sweep(node) == 0);
    node.clock.advance_ms(kHourMs);
    CHECK(left_by_sweep(node) == 1);
}

TEST_CASE("nothing is removed by a clock that is earlier than the last row", "[storage]") {
    quiet();
    DataFolder node;
    deliver_study(node, "1.2.1");
    node.clock.advance_ms(40 * kDayMs);
    node.send({.sop_instance = "1.2.2.1", .bytes = "B", .study = "1.2.2"});
    // Another process, which did not see the step of the clock.
    SettableClock behind{node.clock.now_ms() - 5 * kDayMs};
    CHECK_FALSE(may_expire(node.db, behind));
    CHECK_THAT(clock_behind(node.db, behind), Catch::Contains("5 d earlier"));
    CHECK(may_expire(node.db, node.clock));
    CHECK(clock_behind(node.db, node.clock).empty());
}

TEST_CASE("a node trusts its clock after its first hour, however short it was off", "[storage]") {
    quiet();
    DataFolder node;
    deliver_study(node, kStudy);
    for (const auto off_ms : {60 * kDayMs, 60 * kSecondMs, std::int64_t{0}}) {
        SettableClock at_start{node.clock.now_ms() + off_ms};
        doubt_at_start(at_start);
        CHECK_FALSE(may_expire(node.db, at_start));
        at_start.advance_ms(kHourMs - 1);
        CHECK_FALSE(may_expire(node.db, at_start));
        at_start.advance_ms(1);
        CHECK(may_expire(node.db, at_start));
    }
}

TEST_CASE("removal by size follows the order alone, whatever the clock says", "[storage]") {
    quiet();
    DataFolder node;
    deliver_study(node, kStudy);
    node.clock.step_ms(40 * kDayMs);
    const auto swept =
        Retention(node.db, node.dir.path(), node.clock, {.keep_bytes = 1}).sweep(100);
    CHECK(swept.studies == 1);
}

}  // namespace bucky::storage::test
