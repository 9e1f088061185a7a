// SPDX-License-Identifier: Apache-2.0
// Report workers, a sender and the clock act in every possible order. In each of them the last
// report covers every image, no work is left, no study has two open jobs, two workers never hold a
// valid lease on one study, and no report follows one that covers more images.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>

#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

/// One study that goes through one order of events, beside others in the same folder.
class Course {
public:
    Course(DataFolder& node, std::string study) : node_(node), study_(std::move(study)) {
        image("A");
        verdicts();
        node_.clock.advance_ms(3000);
        REQUIRE(node_.studies.make_due_reports() == 1);
    }

    void image(const std::string& name) {
        node_.send({.sop_instance = study_ + '.' + std::to_string(++images_),
                    .bytes = name,
                    .study = study_});
    }
    void verdicts() {
        while (node_.give_verdict()) {
        }
    }
    void claim(std::size_t worker) {
        auto& work = workers_.at(worker);
        if (work.job) return;
        work.job = node_.jobs.claim(Lane::report(), kLeaseMs);
        work.lease_until_ms = node_.clock.now_ms() + kLeaseMs;
        work.covered = 0;
        for (const auto& instance : node_.studies.instances(study_)) {
            if (!instance.verdict.empty()) ++work.covered;
        }
    }
    void put(std::size_t worker) {
        auto& work = workers_.at(worker);
        if (work.job && node_.put(*work.job, study_ + '/' + std::to_string(work.covered))) {
            CHECK(work.covered >= reported_);
            reported_ = work.covered;
        }
        work.job.reset();
    }
    void fail(std::size_t worker) {
        auto& job = workers_.at(worker).job;
        if (job) node_.jobs.retry_later(*job, node_.clock.now_ms() + 10, "not now");
        job.reset();
    }
    void park(std::size_t worker) {
        auto& job = workers_.at(worker).job;
        if (job) node_.jobs.park(*job, "not so");
        job.reset();
    }
    void crash() {  // of the process, with all workers
        recover(node_.db, node_.dir.path(), node_.clock);
        for (auto& work : workers_) work.job.reset();
    }
    void lease_expires() { node_.clock.advance_ms(kLeaseMs); }  // the worker does not notice it
    void tick() {
        node_.clock.advance_ms(3000);
        node_.studies.make_due_reports();
    }
    void retry() { node_.studies.retry(study_); }

    std::int64_t good_leases() const {
        return std::ranges::count_if(workers_, [&](const Work& work) {
            return work.job && work.lease_until_ms > node_.clock.now_ms();
        });
    }
    std::int64_t open_report_jobs() {
        std::int64_t open = 0;
        for (const auto& job : node_.jobs.jobs_of_study(study_)) {
            if (job.lane == Lane::report() && job.state != JobState::done) ++open;
        }
        return open;
    }

    /// Runs the pipeline until no work is left.
    void settle() {
        for (std::size_t worker = 0; worker < workers_.size(); ++worker) put(worker);
        node_.jobs.resubmit(Lane::report());
        for (int round = 0; round < 5; ++round) {
            verdicts();
            tick();
            claim(0);
            put(0);
        }
    }
    void check_nothing_was_lost() {
        CHECK(node_.studies.line(study_)->state == StudyState::reported);
        CHECK(node_.studies.line(study_)->pending == 0);
        CHECK(open_report_jobs() == 0);
        CHECK(reported_ == images_);
        CHECK(node_.studies.last_report(study_) ==
              Uid::from_name("sr " + study_ + '/' + std::to_string(images_)));
    }

private:
    static constexpr std::int64_t kLeaseMs = 60'000;
    struct Work {
        std::optional<Job> job{};
        std::int64_t lease_until_ms = 0;
        int covered = 0;  // images in the report that is being made
    };
    DataFolder& node_;
    std::string study_;
    int images_ = 0;
    int reported_ = 0;  // images in the last report
    std::array<Work, 2> workers_{};
};

struct Action {
    const char* name;
    std::function<void(Course&)> happen;
};
using Actor = std::vector<Action>;

const Action kClaim{"claim", [](Course& course) { course.claim(0); }};
const Action kPut{"put", [](Course& course) { course.put(0); }};
const Action kFail{"fail", [](Course& course) { course.fail(0); }};
const Action kPark{"park", [](Course& course) { course.park(0); }};
const Action kOtherClaims{"the other claims", [](Course& course) { course.claim(1); }};
const Action kOtherPuts{"the other puts", [](Course& course) { course.put(1); }};
const Action kCrash{"crash", [](Course& course) { course.crash(); }};
const Action kLease{"lease expires", [](Course& course) { course.lease_expires(); }};
const Action kTick{"tick", [](Course& course) { course.tick(); }};
const Action kImage{"image", [](Course& course) { course.image("B"); }};
const Action kVerdict{"verdict", [](Course& course) { course.verdicts(); }};
const Action kRetry{"retry", [](Course& course) { course.retry(); }};

/// All orders of the actions that keep each actor's own order.
void each_order(const std::vector<Actor>& actors, std::vector<std::size_t>& at,
                std::vector<Action>& order,
                const std::function<void(const std::vector<Action>&)>& visit) {
    bool complete = true;
    for (std::size_t actor = 0; actor < actors.size(); ++actor) {
        if (at[actor] == actors[actor].size()) continue;
        complete = false;
        order.push_back(actors[actor][at[actor]++]);
        each_order(actors, at, order, visit);
        order.pop_back();
        --at[actor];
    }
    if (complete) visit(order);
}

int walk(DataFolder& node, const std::vector<Actor>& actors) {
    int orders = 0;
    std::vector<std::size_t> at(actors.size(), 0);
    std::vector<Action> order;
    each_order(actors, at, order, [&](const std::vector<Action>& actions) {
        static int studies = 0;
        Course course{node, "1.2." + std::to_string(++studies)};
        std::string story;
        ++orders;
        for (const auto& action : actions) {
            story += std::string{action.name} + ", ";
            INFO(story);
            action.happen(course);
            CHECK(course.open_report_jobs() <= 1);
            CHECK(course.good_leases() <= 1);
        }
        course.settle();
        INFO(story);
        course.check_nothing_was_lost();
    });
    return orders;
}

}  // namespace

TEST_CASE("in whatever order a report, a late image and the clock meet, no image is lost",
          "[storage]") {
    DataFolder node;
    const Actor clock{kTick, kTick};
    const Actor sender{kImage, kVerdict};
    CHECK(walk(node, {{kClaim, kPut}, sender, clock}) == 90);
    CHECK(walk(node, {{kClaim, kFail, kClaim, kPut}, sender, {kTick}}) == 105);
    CHECK(walk(node, {{kClaim, kCrash, kClaim, kPut}, sender, {kTick}}) == 105);
    CHECK(walk(node, {{kClaim, kPark}, sender, clock}) == 90);
    CHECK(walk(node, {{kClaim, kLease, kPut}, sender, {kTick}}) == 60);
    CHECK(walk(node, {{kClaim, kPut}, {kRetry, kVerdict}, clock}) == 90);
    CHECK(walk(node, {{kClaim, kPut}, {kRetry}, sender, {kTick}}) == 180);
}

TEST_CASE(
    "in whatever order two report workers, a late image and the clock meet, reports of one "
    "study follow each other",
    "[storage]") {
    DataFolder node;
    const Actor one{kClaim, kPut};
    const Actor other{kOtherClaims, kOtherPuts};
    CHECK(walk(node, {one, other, {kImage, kVerdict, kTick}}) == 210);
    CHECK(walk(node, {{kClaim, kLease, kPut}, other, {kRetry}}) == 60);
    CHECK(walk(node, {{kClaim, kCrash}, other, {kTick}}) == 30);
}

TEST_CASE("of two workers with one report, only the one with the lease puts it", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    const auto slow = node.jobs.claim(Lane::report(), 60'000);
    node.clock.advance_ms(60'000);
    const auto quick = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(slow);
    REQUIRE(quick);
    const auto before = node.files();
    CHECK_FALSE(node.put(*slow, "by the slow one"));
    CHECK(node.files() == before);
    CHECK(node.result_rows() == 0);
    CHECK(node.put(*quick, "by the quick one"));
    CHECK(node.result_rows() == 2);
    CHECK_FALSE(node.put(*quick, "once more"));
    CHECK(node.result_rows() == 2);
}

}  // namespace bucky::storage::test
