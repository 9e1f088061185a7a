// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/segmentation/segmentation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/base/error.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

DcmItem& item(DcmItem& parent, const DcmTagKey& tag, signed long n = 0) {
    DcmItem* found = nullptr;
    REQUIRE(parent.findAndGetSequenceItem(tag, found, n).good());
    return *found;
}

ReportedImage small(ReportedImage image) {  // outlines at a tenth of their size
    image.source.rows = image.result.rows = 200;
    image.source.columns = image.result.columns = 160;
    for (auto& finding : image.result.findings) {
        for (auto& region : finding.regions) {
            for (auto& point : region.outline) {
                point.column /= 10;
                point.row /= 10;
            }
        }
    }
    return image;
}

}  // namespace

TEST_CASE("an outline is filled at pixels whose centre is inside it", "[dicom_sr]") {
    const std::vector<inference::Point> square{{1, 1}, {4, 1}, {4, 3}, {1, 3}};
    const auto mask = filled(square, 4, 6);
    const std::vector<std::uint8_t> expected{0, 0, 0, 0, 0, 0,  //
                                             0, 1, 1, 1, 0, 0,  //
                                             0, 1, 1, 1, 0, 0,  //
                                             0, 0, 0, 0, 0, 0};
    CHECK(mask == expected);
    const auto beyond = filled({{-9, -9}, {99, -9}, {99, 99}, {-9, 99}}, 4, 6);
    CHECK(std::ranges::count(beyond, 1) == 24);
}

TEST_CASE("a segmentation has a segment for each lesion, in image pixels, with the report's UID",
          "[dicom_sr]") {
    auto image = small(examples::with_findings());
    image.source.pixel_spacing = "0.14\\0.14";
    image.result.findings[0].regions.push_back(image.result.findings[0].regions[0]);
    const Object object = segmentation(image, Language::english, "0.1.0");
    const auto file = from_part10(object.part10);
    DcmItem& dataset = *file->getDataset();
    CHECK(value(dataset, DCM_NumberOfFrames) == "3");
    CHECK(value(item(dataset, DCM_SegmentSequence, 0), DCM_TrackingUID) ==
          tracking_uid(image, "nodule", "1").str());
    CHECK(value(item(dataset, DCM_SegmentSequence, 1), DCM_TrackingUID) ==
          tracking_uid(image, "nodule", "2").str());
    DcmItem& third = item(dataset, DCM_SegmentSequence, 2);
    CHECK(value(third, DCM_TrackingUID) == tracking_uid(image, "pneumothorax", "1").str());
    CHECK(value(third, DCM_SegmentLabel) == "AI Pneumothorax 0.97");
    CHECK(value(item(third, DCM_SegmentedPropertyTypeCodeSequence), DCM_CodeValue) == "36118008");
    // What OHIF, highdicom and GDCM need (docs/decisions/0511).
    DcmItem& shared = item(dataset, DCM_SharedFunctionalGroupsSequence);
    CHECK(value(item(shared, DCM_PlaneOrientationSequence), DCM_ImageOrientationPatient) ==
          "1\\0\\0\\0\\1\\0");
    CHECK(value(item(shared, DCM_PixelMeasuresSequence), DCM_SliceThickness) == "1");
    CHECK_FALSE(shared.tagExists(DCM_PlanePositionSequence));
    for (signed long frame = 0; frame < 3; ++frame) {
        DcmItem& groups = item(dataset, DCM_PerFrameFunctionalGroupsSequence, frame);
        DcmItem& origin = item(item(groups, DCM_DerivationImageSequence), DCM_SourceImageSequence);
        CHECK(value(origin, DCM_ReferencedSOPInstanceUID) == image.source.sop_instance.str());
    }

    const Uint8* bits = nullptr;
    unsigned long bytes = 0;
    REQUIRE(dataset.findAndGetUint8Array(DCM_PixelData, bits, &bytes).good());
    REQUIRE(bytes == 3 * 200 * 160 / 8);
    const auto expected = filled(image.result.findings[1].regions[0].outline, 200, 160);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const std::size_t at = 2 * expected.size() + i;
        wrong += ((bits[at / 8] >> at % 8) & 1) != expected[i];
    }
    CHECK(wrong == 0);
    CHECK(std::accumulate(expected.begin(), expected.end(), 0) > 1000);
}

TEST_CASE("dciodvfy finds no error in any segmentation", "[dicom_sr]") {
    test::Folder folder;
    auto image = small(examples::with_findings());
    image.source.patient_name = "Hong^Gildong=洪^吉洞=홍^길동";
    image.source.pixel_spacing = "0.14\\0.14";
    const bool anonymous = GENERATE(false, true);
    if (anonymous) image = examples::bare(image);
    const Object object =
        segmentation(image, anonymous ? Language::english : Language::korean, "0.1.0");
    CHECK(verify(object, image.source) == std::vector<std::string>{});
    CHECK(test::iod_errors(folder.keep("seg.dcm", object.part10)) == "");
}

TEST_CASE("an image without an outline gets no segmentation", "[dicom_sr]") {
    CHECK_FALSE(has_outlines(examples::without_findings()));
    CHECK_FALSE(has_outlines(examples::lateral()));
    CHECK(has_outlines(examples::with_findings()));
    CHECK_THROWS_AS(segmentation(examples::without_findings(), Language::english, "1"), Error);
}

TEST_CASE("a report refers to the objects that show its findings, and lists them as evidence",
          "[dicom_sr]") {
    test::Folder folder;
    const auto image = small(examples::with_findings());
    const auto other = small(examples::with_findings(2));
    auto job = examples::report({image, other, examples::lateral(3)});
    for (const auto& explained : {image, other}) {
        const Object made = segmentation(explained, Language::english, "0.1.0");
        job.explanations.push_back(
            {explained.source.sop_instance, made.sop_class, made.sop_instance, made.series});
    }
    const Object object = measurement_report(job);
    CHECK(verify(object, image.source) == std::vector<std::string>{});
    const auto file = folder.keep("report.dcm", object.part10);
    CHECK(test::iod_errors(file) == "");
    const auto rendered = test::output_of("dsrdump +Pl +Pu " + file.string());
    CHECK(rendered.find("Visual Explanation") != std::string::npos);
    CHECK(rendered.find("Finding category") != std::string::npos);
    for (const auto& one : job.explanations) {
        CHECK(rendered.find(one.sop_instance.str()) != std::string::npos);
    }
    const auto evidence = from_part10(object.part10);
    DcmItem& study = item(*evidence->getDataset(), DCM_CurrentRequestedProcedureEvidenceSequence);
    std::set<std::string> named;  // each series once, with all its instances
    for (signed long n = 0;; ++n) {
        DcmItem* series = nullptr;
        if (study.findAndGetSequenceItem(DCM_ReferencedSeriesSequence, series, n).bad()) break;
        CHECK(named.insert(value(*series, DCM_SeriesInstanceUID)).second);
    }
    CHECK(named.contains(job.explanations.front().series.str()));
}
