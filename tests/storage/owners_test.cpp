// SPDX-License-Identifier: Apache-2.0
// Whose an image is: two owners have the same image twice, and a queue each.
#include <catch2/catch.hpp>

#include "tests/storage/data_folder.h"

namespace bucky::storage::test {

TEST_CASE("the same image of two owners is two images, each compared with its owner's alone",
          "[storage][tenants]") {
    DataFolder node;
    using Kept = Receipt::Kept;
    CHECK(node.send({.sop_instance = "1.2.9", .owner = "NORTH"}).kept == Kept::fresh);
    CHECK(node.send({.sop_instance = "1.2.9", .owner = "SOUTH"}).kept == Kept::fresh);
    CHECK(node.send({.sop_instance = "1.2.9"}).kept == Kept::fresh);
    CHECK(node.send({.sop_instance = "1.2.9", .owner = "SOUTH"}).kept == Kept::again);
    CHECK(node.send({.sop_instance = "1.2.9", .bytes = "other", .owner = "NORTH"}).kept ==
          Kept::conflicting);
    std::vector<std::string> owners;
    for (const auto& image : node.studies.instances(kStudy)) owners.push_back(image.owner);
    CHECK(owners == std::vector<std::string>{"NORTH", "SOUTH", "", "NORTH"});
}

TEST_CASE("what waits for an owner is known until it has its verdict, or has left",
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
    CHECK(node.studies.retry(kStudy) == 4);
    CHECK(node.studies.waiting("NORTH") == 2);
    node.finish_all();
    CHECK(node.studies.waiting("NORTH") == 0);
}

TEST_CASE("a study that is run again may ask for one model alone, until it is run again without",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9"});
    node.send({.sop_instance = "1.2.10"});
    REQUIRE(node.give_verdict());  // the other still waits for its first
    CHECK(node.studies.retry(kStudy, "second-opinion") == 2);
    for (int image = 0; image < 2; ++image) {
        const auto job = node.jobs.claim("infer", 60'000);
        REQUIRE(job.has_value());
        CHECK(job->model == "second-opinion");
        REQUIRE(node.studies.record_verdict(*job, "findings", "{}"));
    }
    CHECK_THAT(node.journal.of_study(kStudy).at(3).words,
               Catch::Contains("2 images, by second-opinion alone"));
    CHECK(node.studies.retry(kStudy) == 2);
    CHECK(node.jobs.claim("infer", 60'000).value().model.empty());
}

}  // namespace bucky::storage::test
