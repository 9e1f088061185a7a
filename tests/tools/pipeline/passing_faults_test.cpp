// SPDX-License-Identifier: Apache-2.0
// A passing fault of the machine costs no image its verdict and no study its report.
#include <filesystem>
#include <functional>

#include <catch2/catch.hpp>

#include "tests/tools/pipeline/one_study.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/pipeline/worker.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// Decodes in this process, unless `refuse` throws.
struct Refusing final : inference::Decoder {
    explicit Refusing(std::function<void()> how) : refuse(std::move(how)) {}
    inference::Header header(const std::filesystem::path& file) override {
        refuse();
        return inference::in_process().header(file);
    }
    inference::Image image(const std::filesystem::path& file) override {
        refuse();
        return inference::in_process().image(file);
    }
    inference::TextSearch text(const std::filesystem::path& file, inference::Greys greys) override {
        refuse();
        return inference::in_process().text(file, greys);
    }
    std::function<void()> refuse;
};

}  // namespace

TEST_CASE("what the machine lacks is no verdict: the image is tried until it has it again",
          "[tools]") {
    NodeHarness harness;
    harness.receive({});
    Refusing decoder{[] { throw Error(Fault::unavailable, "cannot start a decoder"); }};
    auto worker = harness.infer_with(decoder);
    for (int attempt = 0; attempt < 20; ++attempt) {
        INFO(attempt);
        REQUIRE(worker.work_once());
        REQUIRE(harness.images().at(0).verdict.empty());
        CHECK_FALSE(worker.work_once());  // not yet due again
        harness.clock.advance_ms(600'000);
    }
    const auto health = look(harness.settings, harness.clock, harness.context().db);
    REQUIRE(health.troubles.size() == 1);
    CHECK_THAT(sentence(health.troubles[0]),
               Catch::Contains("1 images cannot be analysed for now") &&
                   Catch::Contains("cannot start a decoder"));
    decoder.refuse = [] {};
    REQUIRE(worker.work_once());
    CHECK(harness.images().at(0).verdict != "failed");
    CHECK(look(harness.settings, harness.clock, harness.context().db).troubles.empty());
}

TEST_CASE("a fault that may be the image's own is tried a few times, others do not count",
          "[tools]") {
    NodeHarness harness;
    harness.settings.inference.attempts = 3;
    harness.receive({});
    harness.hang_up();
    bool is_own = false;
    Refusing decoder{[&] {
        if (is_own) throw inference::DecoderFailed(Fault::exhausted, "no memory for /var/it.dcm");
        throw Error(Fault::exhausted, "no thread");
    }};
    auto worker = harness.infer_with(decoder);
    for (int attempt = 0; attempt < 5; ++attempt) {
        is_own = attempt % 2 == 0;
        REQUIRE(harness.images().at(0).verdict.empty());
        REQUIRE(worker.work_once());
        harness.clock.advance_ms(600'000);
    }
    CHECK(harness.images().at(0).verdict == "failed");
    CHECK_THAT(result_of(harness.images().at(0)).reason->text, !Catch::Contains("/"));
}

TEST_CASE("eight passing faults and one death do not park a report", "[tools][crash]") {
    NodeHarness harness;
    harness.receive({});
    harness.hang_up();
    harness.infer_all();
    Refusing decoder{[] { throw Error(Fault::exhausted, "no memory"); }};
    ReportWorker worker{harness.settings, harness.clock, harness.work, harness.room, decoder};
    for (int attempt = 0; attempt < kDeathsMax; ++attempt) {
        REQUIRE(worker.work_once());
        REQUIRE(harness.context().jobs.parked(storage::Lane::report(), 10).empty());
        harness.clock.advance_ms(600'000);
    }
    harness.die_in(storage::Lane::report());
    CHECK(harness.report_all() == 1);
    CHECK(harness.context().jobs.parked(storage::Lane::report(), 10).empty());
    CHECK_FALSE(harness.results().empty());
}

TEST_CASE(
    "an image that the machine cannot analyse for hours is failed, and not for a jump of "
    "the clock",
    "[tools]") {
    NodeHarness harness;
    harness.settings.inference.give_up_hours = 1;
    harness.receive({});
    harness.hang_up();
    const auto file = harness.context().received.absolute(harness.images().at(0).file);
    std::filesystem::rename(file, file.string() + ".away");
    REQUIRE(harness.infer_all() == 1);
    harness.clock.advance_ms(40LL * 24 * 3600 * 1000);
    for (int attempt = 2; attempt < tries_within(1); ++attempt) {
        REQUIRE(harness.infer_all() == 1);
        REQUIRE(harness.images().at(0).verdict.empty());
        harness.clock.advance_ms(600'000);
    }
    CHECK(harness.infer_all() == 1);
    CHECK(harness.images().at(0).verdict == "failed");
    CHECK_THAT(result_of(harness.images().at(0)).reason->text, !Catch::Contains("/"));
    CHECK(harness.report_all() == 1);
    CHECK(kinds(harness.results()) == std::vector<std::string>{"sr"});
}
