// SPDX-License-Identifier: Apache-2.0
// Several report workers at once make the same results as one.
#include "tools/bucky/pipeline/report_worker.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "tests/support/every_kind.h"
#include "tests/support/poll.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using phantom::Finding;

namespace {

/// Decodes, but each caller waits until the gate is opened or enough callers are there.
class Gate final : public inference::Decoder {
public:
    explicit Gate(int opens_for) : opens_for_(opens_for) {}

    inference::Header header(const std::filesystem::path& file) override {
        return inference::in_process().header(file);
    }
    inference::Image image(const std::filesystem::path& file) override {
        {
            std::unique_lock lock(mutex_);
            is_open_ = ++there_ >= opens_for_ || is_open_;
            changed_.notify_all();
            changed_.wait_for(lock, 60s, [&] { return is_open_; });
        }
        return inference::in_process().image(file);
    }
    inference::TextSearch text(const std::filesystem::path& file, inference::Greys greys) override {
        return inference::in_process().text(file, greys);
    }
    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    int there() {
        const std::lock_guard lock(mutex_);
        return there_;
    }
    bool is_open() {
        const std::lock_guard lock(mutex_);
        return is_open_;
    }

private:
    const int opens_for_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int there_ = 0;
    bool is_open_ = false;
};

constexpr int kNever = 1000;

/// `studies` studies of two images, analysed and complete, each of a different patient.
void receive_studies(NodeHarness& harness, int studies) {
    for (int study = 0; study < studies; ++study) {
        for (int image = 1; image <= 2; ++image) {
            phantom::DicomOptions dicom;
            dicom.study_uid = "1.2.7." + std::to_string(study + 1);
            dicom.instance_number = image;
            dicom.patient_id = "PHANTOM-" + std::to_string(study);
            harness.receive({.seed = static_cast<std::uint64_t>(10 * study + image),
                             .lesions = {image == 1 ? Finding::nodule : Finding::pneumonia},
                             .dicom = dicom});
        }
    }
    harness.hang_up();
    REQUIRE(harness.infer_all() == 2 * studies);
}

/// Requests every kind of result, in two languages.
void want_everything(conf::Settings& settings) {
    for (auto& destination : settings.destinations) {
        destination.send = every_kind();
    }
    settings.destinations.back().language = Language::korean;
}

std::map<std::string, std::string> bytes_of(const std::vector<storage::Result>& results) {
    std::map<std::string, std::string> bytes;
    for (const auto& result : results) {
        bytes[result.kind + ' ' + result.sop_instance.str()] = read_text(result.file);
    }
    return bytes;
}

bool has_waited_for_room() {
    return metrics::text().find("bucky_limit_reached_total{limit=\"report_bytes\"}") !=
           std::string::npos;
}

}  // namespace

TEST_CASE("four report workers make, byte for byte, what one makes", "[tools]") {
    // The concurrent workers run first, so that four threads at once set up what Pango, Fontconfig
    // and DCMTK initialise at their first use.
    NodeHarness at_once;
    want_everything(at_once.settings);
    receive_studies(at_once, 8);
    at_once.report_all_by(4);
    NodeHarness in_turn;
    want_everything(in_turn.settings);
    receive_studies(in_turn, 8);
    CHECK(in_turn.report_all() == 8);

    const auto expected = bytes_of(in_turn.all_results());
    const auto made = bytes_of(at_once.all_results());
    std::map<std::string, int> kinds;
    for (const auto& result : in_turn.all_results()) ++kinds[result.kind];
    CHECK(kinds.size() == kResultKinds.size() - 1);  // all but the notice
    CHECK(kinds["sr"] == 8 * 2);
    CHECK(kinds["overlay"] == 8 * 2 * 2);
    REQUIRE(made.size() == expected.size());
    for (const auto& [name, bytes] : expected) {
        INFO(name);
        REQUIRE(made.contains(name));
        CHECK((made.at(name) == bytes));
    }
    CHECK(at_once.context().jobs.parked(storage::Lane::report(), 10).empty());
}

TEST_CASE("reports of two studies are made at the same time", "[tools]") {
    NodeHarness harness;
    receive_studies(harness, 2);
    Gate opens_for_two{2};
    harness.report_all_by(2, opens_for_two);
    CHECK(opens_for_two.is_open());
    CHECK(harness.all_results().size() == 2 * 3);
}

TEST_CASE(
    "a late image does not start a second report beside the one that is made: it gets the "
    "next, which supersedes it",
    "[tools]") {
    NodeHarness harness;
    receive_studies(harness, 1);
    Gate gate{kNever};
    std::jthread busy{[&] {
        ReportWorker{harness.settings, harness.clock, harness.work, harness.room, gate}.work_once();
    }};
    REQUIRE(poll_until([&] { return gate.there() == 1; }, 60s));
    phantom::DicomOptions late;
    late.study_uid = harness.study();
    late.instance_number = 3;
    late.patient_id = "PHANTOM-0";
    harness.receive({.seed = 77, .dicom = late});
    harness.hang_up();
    CHECK(harness.infer_all() == 1);
    CHECK(harness.report_all() == 0);  // another worker has the study
    gate.open();
    busy.join();
    CHECK(harness.report_all() == 1);

    std::vector<storage::Result> reports;
    for (const auto& result : harness.results()) {
        if (result.kind == "sr") reports.push_back(result);
    }
    REQUIRE(reports.size() == 2);
    CHECK(predecessor_of(reports[0].file).empty());
    CHECK(predecessor_of(reports[1].file) == reports[0].sop_instance.str());
    CHECK(harness.context().studies.line(harness.study())->state == storage::StudyState::reported);
}

TEST_CASE("reports that find no room for their pictures wait for those that have it", "[tools]") {
    NodeHarness harness;
    receive_studies(harness, 2);
    ReportShared small{1};  // room for one report at a time
    Gate gate{kNever};
    const auto work = [&] {
        ReportWorker{harness.settings, harness.clock, harness.work, small, gate}.work_once();
    };
    std::jthread one{work}, other{work};
    REQUIRE(poll_until([&] { return gate.there() == 1 && has_waited_for_room(); }, 60s));
    CHECK(gate.there() == 1);  // the other report waits
    gate.open();
    one.join();
    other.join();
    CHECK(harness.all_results().size() == 2 * 3);
}

TEST_CASE("there are two report workers at least, and as many as a person asks for", "[tools]") {
    conf::Settings settings;
    CHECK(reporters_for(settings) >= 2);
    CHECK(reporters_for(settings) <= 16);
    settings.study.reporters = 1;
    CHECK(reporters_for(settings) == 1);
    settings.study.reporters = 40;
    CHECK(reporters_for(settings) == 40);
}
