// SPDX-License-Identifier: Apache-2.0
// What several packages said of one image stands in one picture, one presentation state and one
// segmentation, each finding under its package's name.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/heat_colours.h"
#include "dicom_sr/draw/panel.h"
#include "dicom_sr/draw/thumbnail.h"
#include "dicom_sr/pages/summary.h"
#include "dicom_sr/presentation/presentation.h"
#include "dicom_sr/segmentation/segmentation.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

ReportedImage by(ReportedImage answer, const std::string& name, char weights) {
    answer.result.model->name = name;
    answer.result.model->sha256 = std::string(64, weights);
    answer.is_one_of_several = true;
    return answer;
}

/// Two packages found a nodule, one a pneumothorax too; a third one failed.
std::vector<ReportedImage> three() {
    auto other = examples::with_heat();
    auto& findings = other.result.findings;
    std::erase_if(findings, [](const auto& one) { return one.key != "nodule"; });
    for (auto& point : findings.at(0).regions.at(0).outline) point.row += 500;
    std::ranges::rotate(findings[0].heat.values, findings[0].heat.values.begin() + 80);
    auto failed = examples::failed();
    failed.result.model = examples::model();
    return {by(examples::with_heat(), "alpha", 'a'), by(other, "beta", 'b'),
            by(failed, "gamma", 'c')};
}

OverlayStyle style(Marking marking = Marking::outline) {
    OverlayStyle made{Language::english, 1000, "0.2.0"};
    made.marking = marking;
    return made;
}

std::vector<std::string> all_of(DcmItem& dataset, const DcmTagKey& sequence,
                                const DcmTagKey& attribute) {
    std::vector<std::string> values;
    DcmSequenceOfItems* items = nullptr;
    if (dataset.findAndGetSequence(sequence, items).bad()) return values;
    for (unsigned long at = 0; at < items->card(); ++at) {
        values.push_back(value(*items->getItem(at), attribute));
    }
    return values;
}

}  // namespace

TEST_CASE("the panel has the findings of each package under its name, and names one that failed",
          "[dicom_sr][several]") {
    const auto answers = three();
    const Panel panel = panel_of(Answers{answers}, style(Marking::both));
    std::vector<std::string> names;
    for (const auto& row : panel.rows) {
        names.push_back(row.heading.empty() ? row.name : "= " + row.heading);
    }
    CHECK(names == std::vector<std::string>{"= alpha", "Pneumothorax", "Lung nodule", "Pneumonia",
                                            "= beta", "Lung nodule"});
    CHECK_THAT(panel.verdict, Catch::Contains("[alpha]") && Catch::Contains("[beta]") &&
                                  Catch::EndsWith(". gamma: Analysis failed"));
    REQUIRE(panel.warnings.size() == 1);
    CHECK_THAT(panel.warnings[0], Catch::StartsWith("gamma: Analysis failed: "));
    CHECK(panel.heat == std::vector<std::string>{"AI activity (heatmap) [alpha]",
                                                 "AI activity (heatmap) [beta]"});
    CHECK(panel.not_detected == "Not detected: Pneumonia [alpha]. Nothing else was looked for.");
    CHECK(panel.notes.size() == 4);  // three models, one time
    // no two findings are drawn alike
    std::set<std::pair<double, std::size_t>> drawn;
    for (const auto& row : panel.rows) {
        if (row.heading.empty()) drawn.emplace(row.mark.colour.red, row.mark.dashes.size());
    }
    CHECK(drawn.size() >= 4);
}

TEST_CASE("heat of two packages has two hues", "[dicom_sr][several]") {
    const Colour one = heat_colour(1, 0), other = heat_colour(1, 1);
    CHECK(std::abs(one.red - other.red) + std::abs(one.green - other.green) > 0.5);
}

TEST_CASE("one picture, one presentation state and one segmentation show what all packages found",
          "[dicom_sr][several]") {
    const auto answers = three();
    const Answers all{answers};
    const auto picture = examples::picture(1000, 800);
    const Drawing drawing = draw_overlay(all, picture.view(), style());
    const auto overlay = secondary_capture(all, drawing, style());
    CHECK(verify(overlay, all.source()).empty());
    const auto shown = from_part10(overlay.part10);
    CHECK(all_of(*shown->getDataset(), DCM_SourceImageSequence, DCM_ReferencedSOPInstanceUID)
              .size() == 1);
    CHECK(all_of(*shown->getDataset(), DCM_ContributingEquipmentSequence,
                 DCM_ManufacturerModelName) == std::vector<std::string>{"alpha", "beta", "gamma"});
    CHECK_THAT(value(*shown->getDataset(), DCM_SeriesDescription),
               Catch::Contains("models failed: 1") && !Catch::Contains("; 1 failed"));

    const Softcopy grey;
    const auto state = presentation_state(all, grey, {Language::english, "0.2.0"});
    CHECK(verify(state, all.source()).empty());
    const auto layers = all_of(*from_part10(state.part10)->getDataset(), DCM_GraphicLayerSequence,
                               DCM_GraphicLayerDescription);
    CHECK(std::ranges::count(layers, "Lung nodule [alpha]") == 1);
    CHECK(std::ranges::count(layers, "Lung nodule [beta]") == 1);

    const auto segments = segmentation(all, Language::english, "0.2.0");
    CHECK(verify(segments, all.source()).empty());
    const auto file = from_part10(segments.part10);
    auto& dataset = *file->getDataset();
    const auto by_whom = all_of(dataset, DCM_SegmentSequence, DCM_SegmentAlgorithmName);
    CHECK(std::ranges::count(by_whom, "beta 1.0.0") == 1);
    CHECK(by_whom.size() == 3);
    const auto tracked = all_of(dataset, DCM_SegmentSequence, DCM_TrackingID);
    CHECK(std::set<std::string>(tracked.begin(), tracked.end()).size() == 3);  // each its own words
}

TEST_CASE("a picture of several packages does not depend on their order, and a failure is another",
          "[dicom_sr][several]") {
    auto answers = three();
    const auto uid = [](const std::vector<ReportedImage>& of) {
        return object_beside(ResultKind::overlay, Uid{kPictureClasses.front()}, Answers{of})
            .sop_instance;
    };
    const auto before = uid(answers);
    std::ranges::rotate(answers, answers.begin() + 1);
    CHECK(uid(answers) == before);
    std::ranges::find(answers, inference::Verdict::failed, [](const ReportedImage& one) {
        return one.result.verdict;
    })->result.verdict = inference::Verdict::no_findings;
    CHECK(uid(answers) != before);
    answers.resize(1);
    auto alone = answers.front();
    alone.is_one_of_several = false;
    CHECK(uid(answers) == uid({alone}));
}

TEST_CASE("a summary has an image once, and a title counts it once", "[dicom_sr][several]") {
    auto images = three();
    images.push_back(examples::lateral());
    const auto split = by_image(images);
    REQUIRE(split.size() == 2);
    CHECK(split[0].size() == 3);
    CHECK_THAT(title_of(images, Language::english),
               Catch::Contains("; 1 not analysed") && !Catch::Contains("; 1 failed"));
    const auto picture = examples::picture(500, 400);
    const Drawing page = draw_summary(
        std::vector<Thumbnail>{thumbnail(split[0], picture.view()), {split[1], 0, 0, {}}}, style());
    const auto object = summary_capture(images, page, style());
    CHECK(verify(object, images.front().source).empty());
    CHECK(all_of(*from_part10(object.part10)->getDataset(), DCM_SourceImageSequence,
                 DCM_ReferencedSOPInstanceUID)
              .size() == 2);
}
