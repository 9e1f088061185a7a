// SPDX-License-Identifier: Apache-2.0
// An image from its reception to its results, step by step.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/part10.h"
#include "tests/tools/pipeline/one_study.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using phantom::Finding;

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
    CHECK_THAT(read_text(harness.results().at(0).file), Catch::Contains("view position LL"));
}

TEST_CASE("bytes that are no image do not keep the other images of the study from their report",
          "[tools]") {
    NodeHarness harness;
    harness.receive_bytes("this was never DICOM", Uid{"2.25.3.99"}, Uid{"2.25.3"});
    const auto good = harness.receive({.dicom = in_study("2.25.3")});
    harness.hang_up();
    CHECK(harness.infer_all() == 2);
    harness.report_all();
    CHECK(harness.images().at(0).verdict == "not_analysed");
    REQUIRE(kinds(harness.results()) == std::vector<std::string>{"sr", "overlay"});
    const auto sr = read_text(harness.results().at(0).file);
    CHECK_THAT(sr, Catch::Contains("2.25.3.99"));
    CHECK_THAT(sr, Catch::Contains(good.sop_instance_uid));
}

TEST_CASE("an image with the UID of another and other content is told in the report", "[tools]") {
    NodeHarness harness;
    auto dicom = in_study("2.25.4");
    dicom.sop_instance_uid = "2.25.4.1";
    harness.receive({.seed = 1, .dicom = dicom});
    harness.receive({.seed = 2, .dicom = dicom});
    harness.hang_up();
    CHECK(harness.infer_all() == 1);
    harness.report_all();
    REQUIRE(kinds(harness.results()) == std::vector<std::string>{"sr", "overlay"});
    CHECK_THAT(read_text(harness.results().at(0).file),
               Catch::Contains("same SOP Instance UID and other content"));
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
    auto other = in_study("2.25.6", 2);
    other.patient_id = "PHANTOM-2";
    harness.receive({.seed = 1, .dicom = in_study("2.25.6", 1)});
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

TEST_CASE("the journal tells the story of a study, and names no patient", "[tools]") {
    NodeHarness harness;
    auto dicom = in_study("2.25.7");
    harness.receive({.dicom = dicom});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    std::string story;
    for (const auto& entry : harness.context().journal.of_study("2.25.7")) {
        story += entry.event + ' ' + entry.subject + ' ' + entry.words + '\n';
    }
    CHECK_THAT(story, Catch::Contains("image.received") && Catch::Contains("image.verdict") &&
                          Catch::Contains("report.made"));
    CHECK_THAT(story, !Catch::Contains("Phantom") && !Catch::Contains("PHANTOM"));
}

TEST_CASE("the journal and the report say by which view an image was analysed instead of its own",
          "[tools]") {
    NodeHarness harness;
    auto dicom = in_study("2.25.17");
    dicom.window = phantom::Window{32768, 65536};
    harness.receive({.seed = 3, .lesions = {Finding::pneumonia}, .dicom = dicom});
    harness.hang_up();
    harness.infer_all();
    const auto image = harness.images().at(0);
    CHECK(image.verdict == "findings");
    REQUIRE(result_of(image).warnings.size() == 1);
    CHECK(result_of(image).warnings[0].key == "grey.view_replaced");
    std::string told;
    for (const auto& entry : harness.context().journal.of_study("2.25.17")) {
        if (entry.event == "image.warning") told += entry.words;
    }
    CHECK_THAT(told, Catch::Contains("percentiles 0.5 to 99.5") &&
                         Catch::Contains("the window 32768/65536 from the header leaves"));
    CHECK(harness.report_all() == 1);
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
    harness.receive({.dicom = in_study("2.25.8")});
    harness.hang_up();
    CHECK(InferWorker{harness.settings, shelves, harness.clock, harness.work}.work_once());
    harness.report_all();
    std::string noted;
    for (const auto& entry : harness.context().journal.of_study("2.25.8")) {
        if (entry.event == "image.shadow") noted += entry.words + '\n';
    }
    CHECK_THAT(noted, Catch::StartsWith("cxr-phantom 9.9.9: ") && Catch::Contains("pneumonia 0."));
    CHECK(result_of(harness.images().at(0)).model->version != "9.9.9");
    CHECK_THAT(read_text(harness.results().at(0).file), !Catch::Contains("9.9.9"));
}
