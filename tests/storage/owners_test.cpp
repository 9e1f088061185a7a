// SPDX-License-Identifier: Apache-2.0
// The owner of images and studies: two owners may have the same image, and each has its own queue.
#include <catch2/catch.hpp>

#include "storage/study_key.h"
#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"

namespace bucky::storage::test {
namespace {

constexpr auto kOfNorth = "1.2.3.1@NORTH";
constexpr auto kOfSouth = "1.2.3.1@SOUTH";

}  // namespace

TEST_CASE("the same image of two owners is two images, each compared only with its owner's",
          "[storage][tenants]") {
    DataFolder node;
    using Kept = Receipt::Kept;
    CHECK(node.send({.sop_instance = "1.2.9", .owner = "NORTH"}).kept == Kept::fresh);
    CHECK(node.send({.sop_instance = "1.2.9", .owner = "SOUTH"}).kept == Kept::fresh);
    CHECK(node.send({.sop_instance = "1.2.9"}).kept == Kept::fresh);
    CHECK(node.send({.sop_instance = "1.2.9", .owner = "SOUTH"}).kept == Kept::again);
    CHECK(node.send({.sop_instance = "1.2.9", .bytes = "other", .owner = "NORTH"}).kept ==
          Kept::conflicting);
    CHECK(node.studies.instances(kStudy).size() == 1);
    CHECK(node.studies.instances(kOfNorth).size() == 2);
    CHECK(node.studies.instances(kOfSouth).size() == 1);
}

TEST_CASE("a study's key is its UID, and its owner behind the first '@'", "[storage][tenants]") {
    CHECK(StudyKey{Uid{"1.2"}}.str() == "1.2");
    CHECK(StudyKey{Uid{"1.2"}, "A@B C"}.str() == "1.2@A@B C");
    for (const auto* text : {"1.2", "1.2@NORTH", "1.2@A@B C"}) {
        CHECK(StudyKey::parse(text).str() == text);
    }
    CHECK(StudyKey::parse("1.2@A@B C") == StudyKey{Uid{"1.2"}, "A@B C"});
    CHECK(thrown_by([] { StudyKey::parse("NORTH@1.2"); }).fault == Fault::bad_input);
}

TEST_CASE("two owners' studies of one UID share neither state, wait, report nor journal",
          "[storage][tenants]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9", .association = "n", .tenant = "NORTH", .owner = "NORTH"});
    node.clock.advance_ms(1000);
    node.send({.sop_instance = "1.2.9", .association = "s", .tenant = "SOUTH", .owner = "SOUTH"});
    REQUIRE(node.give_verdict());  // NORTH's
    node.clock.advance_ms(2000);

    // NORTH's study is complete and reported while SOUTH's image still waits for its verdict.
    CHECK(node.studies.make_due_reports() == 1);
    const auto report = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(report.has_value());
    CHECK(report->study == kOfNorth);
    CHECK(node.put(*report, "north"));
    CHECK(node.studies.line(kOfNorth)->state == StudyState::reported);
    CHECK(node.studies.line(kOfSouth)->state == StudyState::open);
    CHECK(node.studies.line(kOfSouth)->pending == 1);
    CHECK_FALSE(node.studies.last_report(kOfSouth).has_value());
    CHECK(node.outbox.results_of_study(kOfNorth).size() == 2);
    CHECK(node.outbox.results_of_study(kOfSouth).empty());

    // A request of one owner does not affect the other.
    CHECK(node.studies.retry(kOfNorth) == 1);
    CHECK(node.studies.line(kOfSouth)->pending == 1);
    using Events = std::vector<std::string>;
    CHECK(node.events(kOfNorth) ==
          Events{"image.received", "image.verdict", "report.made", "study.retry"});
    CHECK(node.events(kOfSouth) == Events{"image.received"});
    CHECK(node.events(kStudy).empty());
    CHECK(node.studies.of_uid(kStudy) == std::vector<std::string>{kOfNorth, kOfSouth});
    CHECK(node.journal.studies_of_uid(kStudy) == std::vector<std::string>{kOfNorth, kOfSouth});
}

TEST_CASE("an owner that sends an image again repeats refused results of its own study only",
          "[storage][tenants]") {
    DataFolder node;
    for (const auto* owner : {"NORTH", "SOUTH"}) {
        node.send({.sop_instance = "1.2.9", .tenant = owner, .owner = owner});
    }
    while (node.give_verdict()) {
    }
    node.clock.advance_ms(3000);
    CHECK(node.studies.make_due_reports() == 2);
    while (const auto job = node.jobs.claim(Lane::report(), 60'000)) node.put(*job, job->study);
    while (const auto job = node.jobs.claim(Lane::deliver("pacs"), 60'000))
        node.jobs.park(*job, "no");
    node.send({.sop_instance = "1.2.9", .tenant = "NORTH", .owner = "NORTH"});
    CHECK(node.studies.line(kOfNorth)->deliveries_open == 2);
    for (int result = 0; result < 2; ++result) {
        CHECK(node.jobs.claim(Lane::deliver("pacs"), 60'000).value().study == kOfNorth);
    }
    CHECK_FALSE(node.jobs.claim(Lane::deliver("pacs"), 60'000).has_value());
}

TEST_CASE("removing a study removes its owner's images and no other owner's",
          "[storage][tenants]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9", .tenant = "NORTH", .owner = "NORTH"});
    node.finish_all();
    node.clock.advance_ms(2 * 24 * 3'600'000LL);
    node.send({.sop_instance = "1.2.9", .tenant = "SOUTH", .owner = "SOUTH"});
    Retention retention{node.db, node.dir.path(), node.clock, {.keep_ms = 24 * 3'600'000LL}};
    CHECK(retention.sweep(10).studies == 1);
    CHECK(node.studies.of_uid(kStudy) == std::vector<std::string>{kOfSouth});
    CHECK(node.journal.studies_of_uid(kStudy) == std::vector<std::string>{kOfNorth, kOfSouth});
}

TEST_CASE("an owner's waiting images are counted until their verdict or removal",
          "[storage][tenants]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9", .tenant = "NORTH", .owner = "NORTH"});
    node.send({.sop_instance = "1.2.10", .tenant = "NORTH", .owner = "NORTH"});
    node.send({.sop_instance = "1.2.9", .tenant = "SOUTH", .owner = "SOUTH"});
    node.send({.sop_instance = "1.2.11"});
    CHECK(node.studies.waiting("NORTH") == 2);
    CHECK(node.studies.waiting("SOUTH") == 1);
    CHECK(node.studies.waiting("") == 0);
    while (node.give_verdict()) {
    }
    CHECK(node.studies.waiting("NORTH") == 0);
    CHECK(node.studies.waiting("SOUTH") == 0);
    CHECK(node.studies.retry(kOfNorth) == 2);
    CHECK(node.studies.retry(kOfSouth) == 1);
    CHECK(node.studies.waiting("NORTH") == 2);
    CHECK(node.studies.waiting("SOUTH") == 1);
    node.finish_all();
    CHECK(node.studies.waiting("NORTH") == 0);
}

TEST_CASE("a study that is run again may ask for one model alone, until it is run again without",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9"});
    node.send({.sop_instance = "1.2.10"});
    REQUIRE(node.give_verdict());  // the other one still waits for its first verdict
    CHECK(node.studies.retry(kStudy, "second-opinion") == 2);
    for (int image = 0; image < 2; ++image) {
        const auto job = node.jobs.claim(Lane::infer(), 60'000);
        REQUIRE(job.has_value());
        CHECK(job->model == "second-opinion");
        REQUIRE(node.studies.record_verdict(*job, "findings", "{}"));
    }
    CHECK_THAT(node.journal.of_study(kStudy).at(3).words,
               Catch::Contains("2 images, by second-opinion alone"));
    CHECK(node.studies.retry(kStudy) == 2);
    CHECK(node.jobs.claim(Lane::infer(), 60'000).value().model.empty());
}

}  // namespace bucky::storage::test
