// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <catch2/catch.hpp>

#include "conf/base/limits.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

constexpr JobState kStates[] = {JobState::ready, JobState::running, JobState::done,
                                JobState::parked};
constexpr JobEvent kEvents[] = {JobEvent::claimed, JobEvent::finished,      JobEvent::failed,
                                JobEvent::gave_up, JobEvent::lease_expired, JobEvent::resubmitted};

/// The only infer job of the folder, in its current state.
Job the_job(DataFolder& node) {
    const auto jobs = node.jobs.jobs_of_study(kStudy);
    REQUIRE(jobs.size() == 1);
    return jobs.front();
}

void bring_to(DataFolder& node, JobState state) {
    if (state == JobState::ready) return;
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    if (state == JobState::done) REQUIRE(node.jobs.finish(*job));
    if (state == JobState::parked) REQUIRE(node.jobs.park(*job, "no"));
}

void happen(DataFolder& node, JobEvent event) {
    const Job job = the_job(node);
    switch (event) {
        case JobEvent::claimed: node.jobs.claim(Lane::infer(), 60'000); return;
        case JobEvent::finished: node.jobs.finish(job); return;
        case JobEvent::failed: node.jobs.retry_later(job, kStartMs, "not now"); return;
        case JobEvent::gave_up: node.jobs.park(job, "never"); return;
        case JobEvent::lease_expired: recover(node.db, node.dir.path(), node.clock); return;
        case JobEvent::resubmitted: node.jobs.resubmit(Lane::infer()); return;
    }
}

}  // namespace

TEST_CASE("a job takes exactly the steps of the table, and no event moves it otherwise",
          "[storage]") {
    for (const auto state : kStates) {
        for (const auto event : kEvents) {
            DataFolder node;
            node.send({.sop_instance = "1.2.3.4"});
            bring_to(node, state);
            REQUIRE(the_job(node).state == state);
            happen(node, event);
            INFO(name_of(state) << " + " << name_of(event));
            CHECK(name_of(the_job(node).state) == name_of(next(state, event).value_or(state)));
        }
    }
}

TEST_CASE("the job that is due longest is claimed first, then the older one", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    node.send({.sop_instance = "1.2"});
    node.clock.advance_ms(10);
    node.send({.sop_instance = "1.3"});
    const auto first = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(first);
    node.jobs.retry_later(*first, kStartMs + 5, "later, but before the third");
    std::vector<std::string> order;
    while (const auto job = node.jobs.claim(Lane::infer(), 60'000)) order.push_back(job->subject);
    CHECK(order == std::vector<std::string>{"2", "1", "3"});
}

TEST_CASE("a job is not claimed before it is due, nor in another lane", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(job->attempt == 1);
    CHECK(job->study == kStudy);
    REQUIRE(node.jobs.retry_later(*job, kStartMs + 5000, "the model is being loaded"));
    CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000));
    CHECK_FALSE(node.jobs.claim(Lane::report(), 60'000));
    CHECK(node.jobs.next_due_ms(Lane::infer()) == kStartMs + 5000);
    CHECK_FALSE(node.jobs.next_due_ms(Lane::report()));
    node.clock.advance_ms(5000);
    const auto again = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(again);
    CHECK(again->attempt == 2);
    CHECK(again->last_error == "the model is being loaded");
}

TEST_CASE("an expired lease passes the job on, and the late worker changes nothing", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    const auto slow = node.jobs.claim(Lane::infer(), 60'000);
    node.clock.advance_ms(59'999);
    CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000));
    node.clock.advance_ms(1);
    const auto other = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(slow);
    REQUIRE(other);
    CHECK(other->id == slow->id);
    CHECK(other->attempt == 2);

    CHECK_FALSE(node.jobs.finish(*slow));
    CHECK_FALSE(node.jobs.park(*slow, "late"));
    CHECK_FALSE(node.jobs.retry_later(*slow, 0, "late"));
    CHECK_FALSE(node.studies.record_verdict(*slow, "failed", "{}"));
    CHECK(node.studies.instance(1)->verdict.empty());
    CHECK(the_job(node).state == JobState::running);
    CHECK(node.jobs.finish(*other));
    CHECK_FALSE(node.jobs.finish(*other));
}

TEST_CASE("a parked job waits for a person and then starts afresh", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    node.send({.sop_instance = "1.2", .study = "1.2.3.2"});
    for (int at = 0; at < 2; ++at) {
        const auto job = node.jobs.claim(Lane::infer(), 60'000);
        REQUIRE(job);
        REQUIRE(node.jobs.park(*job, "A900: not like this"));
    }
    node.clock.advance_ms(1000);
    CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000));
    const auto parked = node.jobs.parked(10);
    REQUIRE(parked.size() == 2);
    CHECK(parked.front().last_error == "A900: not like this");
    CHECK(node.jobs.parked(Lane::infer(), 1).size() == 1);
    CHECK(node.jobs.parked(Lane::report(), 10).empty());

    CHECK(node.jobs.resubmit(Lane::report()) == 0);
    CHECK(node.jobs.resubmit_study(kStudy) == 1);
    CHECK(node.jobs.resubmit_all() == 1);
    CHECK(node.jobs.resubmit_all() == 0);
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(job->attempt == 1);
    CHECK(job->created_at_ms == kStartMs);
    CHECK(job->submitted_at_ms == kStartMs + 1000);
}

TEST_CASE("resubmitting makes a job in back-off due, and does not touch a running one",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(node.jobs.resubmit(Lane::infer()) == 0);
    node.jobs.retry_later(*job, kStartMs + 900'000, "connection refused");
    CHECK(node.jobs.resubmit(Lane::infer()) == 1);
    CHECK(node.jobs.claim(Lane::infer(), 60'000));
}

TEST_CASE("the backlog says what waits in each lane, since when, and the last words", "[storage]") {
    DataFolder node;
    CHECK(node.jobs.backlog().empty());
    for (const auto* uid : {"1.1", "1.2", "1.3", "1.4"}) {
        node.send({.sop_instance = uid});
        node.clock.advance_ms(100);
    }
    const auto done = node.jobs.claim(Lane::infer(), 60'000);
    const auto parked = node.jobs.claim(Lane::infer(), 60'000);
    const auto running = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(done);
    REQUIRE(parked);
    REQUIRE(running);
    node.jobs.finish(*done);
    node.jobs.park(*parked, "cannot be");
    const auto backlog = node.jobs.backlog();
    REQUIRE(backlog.size() == 1);
    CHECK(backlog[0].lane == Lane::infer());
    CHECK(backlog[0].ready == 1);
    CHECK(backlog[0].running == 1);
    CHECK(backlog[0].parked == 1);
    CHECK(backlog[0].done == 1);
    CHECK(backlog[0].oldest_waiting_ms == kStartMs + 100);
    CHECK(backlog[0].last_error == "cannot be");
}

TEST_CASE("the backlog stays correct after every event of a job", "[storage]") {
    DataFolder node;
    for (int image = 0; image < 30; ++image) {
        node.send({.sop_instance = "1.1." + std::to_string(image),
                   .study = "1.9." + std::to_string(image % 7)});
    }
    std::minstd_rand dice{20261125};
    std::vector<Job> running;
    for (int step = 0; step < 400; ++step) {
        node.clock.advance_ms(50);
        if (running.empty() || dice() % 3 == 0) {
            if (const auto job = node.jobs.claim(Lane::infer(), 2000)) running.push_back(*job);
        } else {
            const Job job = running.back();  // if its lease has expired, nothing changes
            running.pop_back();
            switch (dice() % 5) {
                case 0: node.jobs.finish(job); break;
                case 1: node.jobs.park(job, "never " + std::to_string(step)); break;
                case 2: node.jobs.resubmit(Lane::infer()); break;
                case 3: recover(node.db, node.dir.path(), node.clock); break;
                default: node.jobs.retry_later(job, node.clock.now_ms() + 100, "not now");
            }
        }
        const auto line = node.jobs.backlog().at(0);
        const auto counted = [&](const char* state) {
            auto row = node.db.prepare({"test.counted", R"sql(
                SELECT count(*), min(created_at_ms) FROM job
                 WHERE lane = 'infer'
                   AND (state = :state OR :state = '' AND state <> 'done'))sql"});
            row.bind(":state", std::string_view{state}).step();
            return std::pair{row.integer(0), row.is_null(1) ? 0 : row.integer(1)};
        };
        INFO("step " << step);
        REQUIRE(line.ready == counted("ready").first);
        REQUIRE(line.running == counted("running").first);
        REQUIRE(line.parked == counted("parked").first);
        REQUIRE(line.oldest_waiting_ms == counted("").second);
        REQUIRE(node.jobs.open(Lane::infer()) == counted("").first);
    }
}

TEST_CASE("a peer's words are stored up to a limit and not cut inside a character", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    std::string words(limits::kWordsMax - 1, 'x');
    node.jobs.park(*job, words +
                             "\xEA\xB0\x80"
                             "and much more");
    CHECK(the_job(node).last_error == words);
}

TEST_CASE("a job that nobody was there to do is given back without an attempt", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.3.4"});
    for (int day = 0; day < 3; ++day) {
        const auto job = node.jobs.claim(Lane::infer(), 60'000);
        REQUIRE(job);
        CHECK(job->attempt == 1);
        REQUIRE(node.jobs.retry_later(*job, node.clock.now_ms() + 10, "", Blame::nobody));
        CHECK_FALSE(node.jobs.retry_later(*job, 0, "", Blame::nobody));  // it is no longer ours
        CHECK(the_job(node).attempt == 0);
        CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000));
        node.clock.advance_ms(10);
    }
    CHECK(node.jobs.backlog().at(0).failing == 0);
}

TEST_CASE("the newest job of a tenant is claimed first where that is asked for", "[storage]") {
    DataFolder node;
    for (const char* sop : {"1.2.3.1", "1.2.3.2", "1.2.3.3"}) {
        node.send({.sop_instance = sop});
        node.clock.advance_ms(1000);
    }
    CHECK(node.jobs.claim(Lane::infer(), 60'000, Order::newest)->subject == "3");
    CHECK(node.jobs.claim(Lane::infer(), 60'000)->subject == "1");
    CHECK(node.jobs.claim(Lane::infer(), 60'000, Order::newest)->subject == "2");
    CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000, Order::newest));
}

}  // namespace bucky::storage::test
