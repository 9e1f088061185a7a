// SPDX-License-Identifier: Apache-2.0
// An image from its reception to its results, step by step.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "inference/findings_json.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/part10.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using phantom::Finding;

namespace {

phantom::DicomOptions in_study(const std::string& uid, int number = 1) {
    phantom::DicomOptions dicom;
    dicom.study_uid = uid;
    dicom.instance_number = number;
    dicom.patient_id = "PHANTOM-1";
    dicom.patient_name = "Phantom^One";
    return dicom;
}

inference::ImageResult result_of(const storage::Instance& image) {
    return inference::from_json(image.result_json);
}

std::vector<std::string> kinds(const std::vector<storage::Result>& results) {
    std::vector<std::string> kinds;
    for (const auto& result : results) kinds.push_back(result.kind);
    return kinds;
}

/// All text values of an SR in one string, to look for words in.
std::string text_of(const std::filesystem::path& file) {
    return read_text(file);
}

}  // namespace

TEST_CASE("an image that was kept gets its verdict, its study one report and a picture",
          "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 3, .lesions = {Finding::pneumonia}});
    CHECK(harness.infer_all() == 1);
    const auto image = harness.images().at(0);
    CHECK(image.verdict == inference::name_of(result_of(image).verdict));
    CHECK(result_of(image).model->name == "cxr-phantom");
    CHECK(result_of(image).findings.size() == 4);

    CHECK(harness.report_all() == 0);  // the study is still open
    harness.hang_up();
    CHECK(harness.report_all() == 1);
    CHECK(kinds(harness.results()) == std::vector<std::string>{"sr", "overlay"});
}

TEST_CASE("scores, positives and the way to the verdict are counted as they are told", "[tools]") {
    const auto value = [](const char* name) { return metrics::total(name).value; };
    const auto analysed = value("bucky_analysed_images_total");
    const auto positive = value("bucky_positive_images_total");
    const auto scores = value("bucky_finding_score_ratio");
    const auto verdicts = value("bucky_last_byte_to_verdict_seconds");
    NodeHarness harness;
    harness.receive({.seed = 3, .lesions = {Finding::pneumonia}});
    harness.receive({.seed = 11, .lesions = {}});
    phantom::DicomOptions lateral;
    lateral.view_position = "LL";
    harness.receive({.dicom = lateral});
    CHECK(harness.infer_all() == 3);
    CHECK(value("bucky_analysed_images_total") == analysed + 2);  // a lateral was not
    CHECK(value("bucky_positive_images_total") == positive + 1);
    CHECK(value("bucky_finding_score_ratio") == scores + 2 * 4);
    CHECK(value("bucky_last_byte_to_verdict_seconds") == verdicts + 3);
    const auto text = metrics::text();
    CHECK_THAT(text, Catch::Contains("bucky_analysed_images_total{equipment=\"Bucky project bucky "
                                     "phantom\",tenant=\"unknown\"} "));
    CHECK_THAT(text, Catch::Contains("bucky_finding_score_ratio_count{finding=\"nodule\","
                                     "model=\"cxr-phantom\",version="));
}

TEST_CASE("every result is to be delivered to every destination", "[tools]") {
    NodeHarness harness;
    harness.receive({});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    std::vector<storage::Lane> lanes;
    for (const auto& job : harness.context().jobs.jobs_of_study(harness.study())) {
        lanes.push_back(job.lane);
    }
    CHECK(std::count(lanes.begin(), lanes.end(), storage::Lane::deliver("pacs")) == 2);
    CHECK(std::count(lanes.begin(), lanes.end(), storage::Lane::deliver("archive")) == 2);
}

TEST_CASE("a healthy image is answered too: a report and a picture that say so", "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 11, .lesions = {}});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    CHECK(harness.images().at(0).verdict == "no_findings");
    CHECK(kinds(harness.results()) == std::vector<std::string>{"sr", "overlay"});
}

TEST_CASE("an image that no model takes is named in the report with its reason, without a picture",
          "[tools]") {
    NodeHarness harness;
    phantom::DicomOptions lateral;
    lateral.view_position = "LL";
    harness.receive({.dicom = lateral});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    CHECK(harness.images().at(0).verdict == "not_analysed");
    REQUIRE(kinds(harness.results()) == std::vector<std::string>{"sr"});
    CHECK_THAT(text_of(harness.results().at(0).file), Catch::Contains("view position LL"));
}

TEST_CASE("bytes that are no image do not keep the other images of the study from their report",
          "[tools]") {
    NodeHarness harness;
    harness.receive_bytes("this was never DICOM", Uid{"1.2.3.99"}, Uid{"1.2.3"});
    const auto good = harness.receive({.dicom = in_study("1.2.3")});
    harness.hang_up();
    CHECK(harness.infer_all() == 2);
    harness.report_all();
    CHECK(harness.images().at(0).verdict == "not_analysed");
    REQUIRE(kinds(harness.results()) == std::vector<std::string>{"sr", "overlay"});
    const auto sr = text_of(harness.results().at(0).file);
    CHECK_THAT(sr, Catch::Contains("1.2.3.99"));
    CHECK_THAT(sr, Catch::Contains(good.sop_instance_uid));
}

TEST_CASE("an image with the UID of another and other content is told in the report", "[tools]") {
    NodeHarness harness;
    auto dicom = in_study("1.2.4");
    dicom.sop_instance_uid = "1.2.4.1";
    harness.receive({.seed = 1, .dicom = dicom});
    harness.receive({.seed = 2, .dicom = dicom});
    harness.hang_up();
    CHECK(harness.infer_all() == 1);
    harness.report_all();
    REQUIRE(kinds(harness.results()) == std::vector<std::string>{"sr", "overlay"});
    CHECK_THAT(text_of(harness.results().at(0).file),
               Catch::Contains("same SOP Instance UID and other content"));
}

TEST_CASE("the same images give the same UIDs: a study run again makes no second result",
          "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 5, .lesions = {Finding::nodule}});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    const auto first = harness.results();
    harness.clock.advance_ms(60'000);
    CHECK(harness.context().studies.retry(harness.study()) == 1);
    CHECK(harness.infer_all() == 1);
    CHECK(harness.report_all() == 1);
    const auto second = harness.results();
    REQUIRE(second.size() == first.size());
    CHECK(second.at(0).sop_instance == first.at(0).sop_instance);
}

TEST_CASE("an image that comes late makes a report that supersedes the first", "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 1, .dicom = in_study("1.2.5", 1)});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    const auto first = harness.results().at(0);
    CHECK(predecessor_of(first.file).empty());

    harness.clock.advance_ms(10'000);
    harness.receive({.seed = 2, .dicom = in_study("1.2.5", 2)});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    const auto results = harness.results();
    const auto second = std::find_if(results.begin() + 1, results.end(),
                                     [](const auto& result) { return result.kind == "sr"; });
    REQUIRE(second != results.end());
    CHECK(second->sop_instance != first.sop_instance);
    CHECK(predecessor_of(second->file) == first.sop_instance.str());

    // the first image's picture is neither made nor sent again
    CHECK(kinds(results) == std::vector<std::string>{"sr", "overlay", "sr", "overlay"});
    int sent = 0;
    for (const auto& job : harness.context().jobs.jobs_of_study("1.2.5")) {
        sent += job.subject == results.at(1).sop_instance.str() &&
                job.lane == storage::Lane::deliver("pacs");
    }
    CHECK(sent == 1);
}

TEST_CASE("a study run again with a newer model gets a report that names the one before",
          "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 3, .lesions = {Finding::nodule}, .dicom = in_study("1.2.8")});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    const auto before = harness.results();
    REQUIRE(before.size() == 2);

    // the same weights under another version, as other thresholds would be
    const auto newer = harness.dir / "newer";
    std::filesystem::copy(phantom_model(), newer, std::filesystem::copy_options::recursive);
    auto manifest = read_text(newer / "model.toml");
    const std::string version = "version = \"1.1.0\"";
    REQUIRE(manifest.find(version) != std::string::npos);
    manifest.replace(manifest.find(version), version.size(), "version = \"1.1.1\"");
    std::filesystem::remove(newer / "model.toml");
    std::ofstream{newer / "model.toml"} << manifest;
    const ModelPool shelf{std::make_shared<const inference::Shelf>(
        std::vector<std::filesystem::path>{newer}, inference::ModelOptions{"cpu", 1})};

    harness.clock.advance_ms(60'000);
    CHECK(harness.context().studies.retry("1.2.8") == 1);
    CHECK(InferWorker{harness.settings, shelf, harness.clock, harness.work}.work_once());
    CHECK(harness.report_all() == 1);
    const auto after = harness.results();
    REQUIRE(kinds(after) == std::vector<std::string>{"sr", "overlay", "sr", "overlay"});
    CHECK(predecessor_of(after.at(2).file) == before.at(0).sop_instance.str());
    CHECK(after.at(0).sop_instance == before.at(0).sop_instance);
    CHECK(predecessor_of(after.at(0).file).empty());
}

TEST_CASE("what leaves is known for ours when it comes back", "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 3, .lesions = {Finding::nodule}});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    REQUIRE(harness.results().size() == 2);
    for (const auto& result : harness.results()) {
        const auto at = scp::read_part10_header(result.file).dataset_at;
        CHECK(
            scp::is_of_our_make(scp::read_dataset_header(result.file, at, result.transfer_syntax)));
    }
}

TEST_CASE("images of two patients in one study are reported to each, not mixed", "[tools]") {
    NodeHarness harness;
    auto other = in_study("1.2.6", 2);
    other.patient_id = "PHANTOM-2";
    harness.receive({.seed = 1, .dicom = in_study("1.2.6", 1)});
    harness.receive({.seed = 2, .dicom = other});
    harness.hang_up();
    harness.infer_all();
    CHECK(harness.report_all() == 1);
    CHECK(harness.context().jobs.parked(storage::Lane::report(), 10).empty());
    std::vector<std::string> patients;
    for (const auto& result : harness.results()) {
        if (result.kind != "sr") continue;
        patients.push_back(dicom_sr::read_source(result.file).patient_id);
    }
    std::ranges::sort(patients);
    CHECK(patients == std::vector<std::string>{"PHANTOM-1", "PHANTOM-2"});
}

TEST_CASE("without overlays the report goes alone", "[tools]") {
    NodeHarness harness;
    harness.settings.overlay.enabled = false;
    harness.receive({});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    CHECK(kinds(harness.results()) == std::vector<std::string>{"sr"});
}

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

TEST_CASE("the journal tells the story of a study, and names no patient", "[tools]") {
    NodeHarness harness;
    auto dicom = in_study("1.2.7");
    harness.receive({.dicom = dicom});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    std::string story;
    for (const auto& entry : harness.context().journal.of_study("1.2.7")) {
        story += entry.event + ' ' + entry.subject + ' ' + entry.words + '\n';
    }
    CHECK_THAT(story, Catch::Contains("image.received") && Catch::Contains("image.verdict") &&
                          Catch::Contains("report.made"));
    CHECK_THAT(story, !Catch::Contains("Phantom") && !Catch::Contains("PHANTOM"));
}

TEST_CASE("a shadow's scores are in the journal and in no report", "[tools]") {
    NodeHarness harness;
    conf::ModelSettings shadow;
    shadow.folder = harness.dir / "shadow";
    std::filesystem::copy(phantom_model(), shadow.folder);
    auto manifest = read_text(shadow.folder / "model.toml");
    manifest.replace(manifest.find("\"1.1.0\""), 7, "\"9.9.9\"");
    write_file(shadow.folder / "model.toml", manifest);
    shadow.shadow = true;
    harness.settings.models = {shadow};
    harness.settings.inference.models.push_back(shadow.folder);
    const ModelPool shelves{load_shelf(harness.settings)};
    harness.receive({.dicom = in_study("1.2.8")});
    harness.hang_up();
    CHECK(InferWorker{harness.settings, shelves, harness.clock, harness.work}.work_once());
    harness.report_all();
    std::string noted;
    for (const auto& entry : harness.context().journal.of_study("1.2.8")) {
        if (entry.event == "image.shadow") noted += entry.words + '\n';
    }
    CHECK_THAT(noted, Catch::StartsWith("cxr-phantom 9.9.9: ") && Catch::Contains("pneumonia 0."));
    CHECK(result_of(harness.images().at(0)).model->version != "9.9.9");
    CHECK_THAT(text_of(harness.results().at(0).file), !Catch::Contains("9.9.9"));
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

TEST_CASE("a shelf is exchanged between images, and the one at hand is finished where it began",
          "[tools]") {
    NodeHarness harness;
    auto settings = harness.settings;
    ModelPool stand{load_shelf(settings)};
    const auto at_hand = stand.now();
    const auto* weights = at_hand->packages()[0].model.get();
    stand.exchange(load_shelf(settings, at_hand.get()));
    CHECK(stand.now() != at_hand);
    CHECK(stand.now()->packages()[0].model.get() == weights);  // the same way of running: kept

    settings.inference.replicas = 2;
    settings.inference.threads = 1;
    stand.exchange(load_shelf(settings, at_hand.get()));
    CHECK(stand.now()->packages()[0].model.get() != weights);
    CHECK(stand.now()->packages()[0].model->device() == "cpu (1 thread) x 2");
    CHECK(preparers_for(settings, *stand.now()) >= 3);

    const inference::InputSpec& spec = at_hand->packages()[0].package.input;
    const inference::ModelInput black{1, spec.height, spec.width,
                                      std::vector<float>(std::size_t{spec.height} * spec.width)};
    const auto before = at_hand->packages()[0].model->run(black).scores;
    const auto after = stand.now()->packages()[0].model->run(black).scores;
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i)
        CHECK(after[i] == Approx(before[i]).margin(1e-4));

    settings.inference.models.push_back(harness.dir / "nothing");
    CHECK_THROWS_WITH(load_shelf(settings, at_hand.get()), Catch::Contains("nothing"));
    CHECK(stand.now()->packages().size() == 1);
}
