// SPDX-License-Identifier: Apache-2.0
// Processes that die at an image or at a report, and tries that are not counted.
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/tools/pipeline/one_study.h"
#include "tools/bucky/pipeline/worker.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("an image that ends the process again and again is failed without another try",
          "[tools][crash]") {
    NodeHarness harness;
    harness.receive({});
    harness.hang_up();
    for (int death = 0; death < kDeathsMax; ++death) harness.die_in(storage::Lane::infer());
    CHECK(harness.infer_all() == 1);
    const auto image = harness.images().at(0);
    CHECK(image.verdict == "failed");
    CHECK_THAT(result_of(image).reason->text, Catch::Contains("ended the process 8 times"));
    harness.report_all();
    CHECK(kinds(harness.results()) == std::vector<std::string>{"sr"});
}

TEST_CASE("an image in whose analysis the node was stopped twice is analysed at the third start",
          "[tools][crash]") {
    NodeHarness harness;
    harness.receive({});
    for (int death = 0; death < 2; ++death) harness.die_in(storage::Lane::infer());
    CHECK(harness.infer_all() == 1);
    CHECK(harness.images().at(0).verdict != "failed");
}

TEST_CASE("a report that ends the process again and again waits for a person", "[tools][crash]") {
    NodeHarness harness;
    harness.receive({});
    harness.hang_up();
    harness.infer_all();
    harness.context().studies.make_due_reports();
    for (int death = 0; death < kDeathsMax; ++death) harness.die_in(storage::Lane::report());
    CHECK(harness.report_all() == 1);
    CHECK(harness.results().empty());
    const auto parked = harness.context().jobs.parked(storage::Lane::report(), 10);
    REQUIRE(parked.size() == 1);
    CHECK_THAT(parked[0].last_error, Catch::Contains("ended the process"));
}

TEST_CASE("a verdict that the database does not take is given again, not after a lease but soon",
          "[tools]") {
    NodeHarness harness;
    harness.receive({});
    auto& db = harness.context().db;
    db.prepare({"test.full", R"sql(
        CREATE TRIGGER full BEFORE UPDATE OF verdict ON instance
        BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END)sql"})
        .run();
    CHECK_THROWS_AS(harness.infer_all(), Error);
    CHECK(harness.infer_all() == 0);  // given back, and waits
    db.prepare({"test.room", "DROP TRIGGER full"}).run();
    harness.clock.advance_ms(10'000);
    CHECK(harness.infer_all() == 1);
    CHECK_FALSE(harness.images().at(0).verdict.empty());
}

TEST_CASE("no image's tries are spent while no model would answer", "[tools]") {
    class Gone final : public inference::Model {
    public:
        std::vector<inference::ModelOutput> run_batch(
            std::span<const inference::ModelInput* const>) override {
            throw Error(Fault::unavailable, "no such GPU answers");
        }
        std::string device() const override { return "gone"; }
        bool answers() const override { return false; }
    };
    NodeHarness harness;
    const ModelPool shelves{std::make_shared<const inference::Shelf>(
        std::vector<inference::Placed>{{phantom_model(), false}},
        [](const inference::Package&) { return std::make_shared<Gone>(); })};
    harness.receive({});
    InferWorker worker{harness.settings, shelves, harness.clock, harness.work};
    CHECK_FALSE(worker.work_once());
    CHECK(harness.images().at(0).verdict.empty());
    CHECK(harness.context().jobs.jobs_of_study(harness.study()).at(0).attempt == 0);
    CHECK(harness.infer_all() == 1);  // with models that answer, it is there
}
