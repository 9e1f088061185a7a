// SPDX-License-Identifier: Apache-2.0
// A study that is reported again: with more images, with a newer model, with nothing new.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "tests/tools/pipeline/one_study.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using phantom::Finding;

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

TEST_CASE(
    "a report by the version before, which formed its UIDs otherwise, is superseded where it "
    "stands",
    "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 1, .dicom = in_study("1.2.5", 1)});
    harness.hang_up();
    harness.infer_all();
    harness.report_all();
    const auto report = harness.results().at(0);
    DcmFileFormat format;
    REQUIRE(format.loadFile(report.file.c_str()).good());
    auto& dataset = *format.getDataset();
    REQUIRE(dataset.putAndInsertString(DCM_SOPInstanceUID, "2.25.77").good());
    REQUIRE(dataset.putAndInsertString(DCM_SeriesInstanceUID, "2.25.7").good());
    REQUIRE(format.saveFile(report.file.c_str()).good());
    auto rename = harness.context().db.prepare(
        {"test.rename", "UPDATE result SET sop_instance = '2.25.77' WHERE sop_instance = :old"});
    rename.bind(":old", report.sop_instance.str()).run();

    harness.clock.advance_ms(60'000);
    CHECK(harness.context().studies.retry("1.2.5") == 1);
    CHECK(harness.infer_all() == 1);
    CHECK(harness.report_all() == 1);
    const auto again = harness.context().outbox.result(report.sop_instance.str());
    REQUIRE(again);
    CHECK(predecessor_of(again->file) == "2.25.77");
    CHECK(predecessor_series_of(again->file) == "2.25.7");

    // A file that an administrator removed is no reason for a study to have no report.
    std::filesystem::remove(again->file);
    harness.receive({.seed = 2, .dicom = in_study("1.2.5", 2)});
    harness.hang_up();
    harness.infer_all();
    CHECK(harness.report_all() == 1);
    const auto results = harness.results();
    CHECK(std::ranges::count(kinds(results), "sr") == 3);
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
