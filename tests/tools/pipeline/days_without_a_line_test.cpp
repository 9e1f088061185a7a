// SPDX-License-Identifier: Apache-2.0
// Days without a line: images wait, no attempt is spent, nothing fails; when the line is back, the
// newest image and the backlog take turns.
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "inference/findings_json.h"
#include "tests/tools/node_harness.h"
#include "tests/tools/remote/spots_package.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/pipeline/worker.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr std::int64_t kHourMs = 3600 * 1000;

/// A model whose line a test cuts.
class Line final : public inference::Model {
public:
    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        if (breaks) throw Error(Fault::unavailable, "the connection broke");
        if (!is_up || is_refused) throw inference::NobodyAnswers("connection refused");
        std::vector<inference::ModelOutput> outputs;
        for (const auto* input : inputs) {
            outputs.push_back(spots_answer(*input));
            outputs.back().device = device();
        }
        return outputs;
    }
    std::string device() const override { return "remote: ai.example"; }
    bool answers() const override { return is_up; }

    std::atomic<bool> is_up = true, is_refused = false, breaks = false;
};

struct Site : NodeHarness {
    Site() {
        write_spots_package(dir / "spots");
        const auto line_of = [this](const inference::Package&) { return line; };
        shelves = std::make_unique<ModelPool>(std::make_shared<const inference::Shelf>(
            std::vector<inference::Placed>{{dir / "spots", false}}, line_of));
        worker = std::make_unique<InferWorker>(settings, *shelves, clock, work);
    }

    /// The studies in the order in which they get a verdict, by the number of their image.
    std::vector<int> work_off() {
        std::vector<int> order;
        std::vector<bool> done(received.size());
        while (worker->work_once()) {
            for (std::size_t i = 0; i < received.size(); ++i) {
                if (done[i] || image(i).verdict.empty()) continue;
                done[i] = true;
                order.push_back(static_cast<int>(i));
            }
        }
        return order;
    }

    void receive_one() {
        Sent sent;
        sent.seed = 1;
        sent.dicom.sop_instance_uid = fmt::format("1.2.3.{}", received.size() + 1);
        received.push_back(receive(sent).sop_instance_uid);
    }

    storage::Instance image(std::size_t number) {
        return context().studies.instance(static_cast<std::int64_t>(number) + 1).value();
    }

    storage::Job job(std::size_t number) {
        for (auto& one : context().jobs.jobs_of_study(image(number).study.str())) {
            if (one.lane == storage::Lane::infer() && one.subject == std::to_string(number + 1))
                return one;
        }
        throw std::logic_error("no job");
    }

    std::shared_ptr<Line> line = std::make_shared<Line>();
    std::unique_ptr<ModelPool> shelves;
    std::unique_ptr<InferWorker> worker;
    std::vector<std::string> received;
};

}  // namespace

TEST_CASE("a day without a line costs no image an attempt, and the newest is analysed first",
          "[tools][remote]") {
    constexpr int kImages = 48;
    Site site;
    site.line->is_up = false;
    for (int i = 0; i < kImages; ++i) {
        site.receive_one();
        CHECK_FALSE(site.worker->work_once());
        site.clock.advance_ms(kHourMs / 2);
    }
    CHECK(look(site.settings, site.clock, site.context().db).troubles.empty());
    for (std::size_t i = 0; i < kImages; ++i) {
        REQUIRE(site.job(i).attempt == 0);
        REQUIRE(site.image(i).verdict.empty());
    }
    site.line->is_up = true;
    const auto order = site.work_off();
    REQUIRE(order.size() == kImages);  // each once
    std::vector<int> newest, oldest;
    for (std::size_t i = 0; i < order.size(); ++i) {
        (i % 2 == 0 ? newest : oldest).push_back(order[i]);
    }
    CHECK(newest.front() == kImages - 1);
    CHECK(oldest.front() == 0);
    CHECK(std::is_sorted(newest.rbegin(), newest.rend()));
    CHECK(std::is_sorted(oldest.begin(), oldest.end()));
    for (std::size_t i = 0; i < kImages; ++i) {
        CHECK(site.image(i).verdict != "failed");
        CHECK(site.job(i).attempt == 1);
        CHECK(inference::from_json(site.image(i).result_json).device == "remote: ai.example");
    }
}

TEST_CASE("a new image waits for one image of the backlog, not for all", "[tools][remote]") {
    Site site;
    site.line->is_up = false;
    for (int i = 0; i < 6; ++i) site.receive_one();
    CHECK_FALSE(site.worker->work_once());
    site.clock.advance_ms(24 * kHourMs);
    site.line->is_up = true;
    REQUIRE(site.worker->work_once());  // the newest
    CHECK_FALSE(site.image(5).verdict.empty());
    site.receive_one();
    REQUIRE(site.worker->work_once());  // the oldest
    CHECK_FALSE(site.image(0).verdict.empty());
    REQUIRE(site.worker->work_once());
    CHECK_FALSE(site.image(6).verdict.empty());
}

TEST_CASE("without a backlog, images are analysed in the order of their arrival",
          "[tools][remote]") {
    Site site;
    for (int i = 0; i < 5; ++i) site.receive_one();
    CHECK(site.work_off() == std::vector<int>{0, 1, 2, 3, 4});
}

TEST_CASE("a line that goes while images are on their way spends none of their attempts",
          "[tools][remote]") {
    Site site;
    site.settings.inference.give_up_hours = 1;
    site.receive_one();
    site.line->is_refused = true;
    for (int i = 0; i < 2 * tries_within(1); ++i) {
        REQUIRE(site.worker->work_once());
        REQUIRE(site.image(0).verdict.empty());
        REQUIRE(site.job(0).attempt == 0);
        CHECK(site.job(0).last_error.empty());
        site.clock.advance_ms(10'000);
    }
    CHECK(look(site.settings, site.clock, site.context().db).troubles.empty());
    site.line->is_refused = false;
    REQUIRE(site.worker->work_once());
    CHECK(site.image(0).verdict != "failed");
}

TEST_CASE("an image that breaks every connection is given up in the end, and blocks no other",
          "[tools][remote]") {
    Site site;
    site.settings.inference.give_up_hours = 1;
    site.receive_one();
    for (int i = 0; i < tries_within(1); ++i) {
        REQUIRE(site.image(0).verdict.empty());
        site.line->breaks = true;
        REQUIRE(site.worker->work_once());
        site.line->breaks = false;
        if (i == 3) {
            site.receive_one();
            REQUIRE(site.worker->work_once());
            CHECK_FALSE(site.image(1).verdict.empty());
        }
        site.clock.advance_ms(600'000);
    }
    CHECK(site.image(0).verdict == "failed");
}
