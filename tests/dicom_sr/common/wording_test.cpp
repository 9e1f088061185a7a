// SPDX-License-Identifier: Apache-2.0
// The words of results: titles, order, scores, and what is only suspected.
#include "dicom_sr/common/wording.h"

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "dicom_sr/common/part10.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/segmentation/segmentation.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;

TEST_CASE("the series description has the finding, its side and its score in 64 bytes",
          "[dicom_sr]") {
    const auto described = [](std::vector<ReportedImage> images,
                              Language language = Language::english) {
        const std::string text = title_of(images, language);
        CHECK(text.size() <= 64);
        return text;
    };
    auto one = examples::with_findings();
    one.result.findings = {examples::pneumothorax(0.97)};
    CHECK(described({one}) == "AI result: Pneumothorax L 0.97 (not a diagnosis)");
    CHECK(described({one}, Language::korean) == "AI 판독 보조 결과: 기흉 L 0.97");
    CHECK(described({examples::without_findings()}) ==
          "AI result: No finding above threshold (not a diagnosis)");
    CHECK(described({examples::lateral()}) == "AI result: Not analysed (not a diagnosis)");
    CHECK(described({one, examples::lateral()}) ==
          "AI result: Pneumothorax L 0.97; 1 not analysed (not a diagnosis)");
    CHECK(described({examples::with_findings()}) ==
          "AI result: Pneumothorax L 0.97 +1 (not a diagnosis)");
    one.result.findings[0].name = "Suspected pulmonary tuberculosis of the upper lobe";
    CHECK(described({one}) == "AI result: Suspected pulmonary tuberculosis of the upp... L 0.97");
    one.result.findings[0].name = "Suspected pulmonary tuberculosis";
    CHECK(described({one, examples::lateral()}) ==
          "AI result: Suspected pulmonary tubercu... L 0.97; 1 not analysed");
}

TEST_CASE("a finding that an image can only suspect is coded Suspected and never Present",
          "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.findings = {examples::pneumothorax(0.99996)};
    auto& finding = image.result.findings[0];
    finding.code = {"154283005", "SCT", "Pulmonary tuberculosis"};
    finding.name = "Suspected pulmonary tuberculosis";
    finding.is_suspicion = true;
    test::Folder folder;
    const auto file =
        folder.keep("report.dcm", measurement_report(examples::report({image})).part10);
    const auto dump = test::output_of("dsrdump +U8 +Pl +Pc " + file.string());
    INFO(dump);
    CHECK(dump.find("(52101004,SCT") == std::string::npos);
    const std::string said = "\"Pulmonary tuberculosis\")=(415684004,SCT,\"Suspected\")";
    const auto in_group = dump.find(said);
    REQUIRE(in_group != std::string::npos);  // beside the outline, and among the answers
    CHECK(dump.find(said, in_group + 1) != std::string::npos);
    CHECK(dump.find("\"AI score, Suspected pulmonary tuberculosis\")=\"0.99\"") !=
          std::string::npos);
    CHECK(dump.find("\"Certainty of Finding\")=\"99\" (%") != std::string::npos);
}

TEST_CASE("a lesion has the same words in every object, and no other in the study", "[dicom_sr]") {
    const auto one = examples::with_findings(1);
    const auto other = examples::with_findings(2);
    const auto& finding = one.result.findings.at(0);
    const auto said = tracking_words(one, finding, 1, Language::english);
    CHECK(said.find(finding.name + " 1, PA (series ") == 0);
    CHECK(said != tracking_words(other, finding, 1, Language::english));
    CHECK(said != tracking_words(one, finding, 2, Language::english));
    CHECK(tracking_words(one, finding, 0, Language::english).find(", not located, PA (") !=
          std::string::npos);
    const auto file = from_part10(segmentation(one, Language::english, "0.2.0").part10);
    DcmItem* segment = nullptr;
    REQUIRE(file->getDataset()->findAndGetSequenceItem(DCM_SegmentSequence, segment).good());
    OFString id;
    REQUIRE(segment->findAndGetOFString(DCM_TrackingID, id).good());
    CHECK(std::string{id} == said);
}

TEST_CASE("the most urgent finding is named first, everywhere", "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.findings = {examples::nodule(0.99), examples::pneumothorax(0.61)};
    CHECK(title_of({&image, 1}, Language::english).find("Lung nodule R 0.99") == 11);
    image.result.findings[1].urgency = 1;
    CHECK(title_of({&image, 1}, Language::english).find("Pneumothorax L 0.61") == 11);
    CHECK(present(image.result).front()->key == "pneumothorax");
    CHECK(verdict_line(image.result, Language::english).find("Findings: Pneumothorax") == 0);
}

TEST_CASE("a score is never rounded up across its threshold", "[dicom_sr]") {
    CHECK(score_text(0.99996) == "0.99");
    CHECK(score_text(0.9999999999999) == "0.99");
    CHECK(score_text(0.4999) == "0.49");
    CHECK(score_text(0.999) == "0.99");
    CHECK(score_text(0.29) == "0.29");
    CHECK(score_text(1) == "1.00");
    CHECK(score_text(0) == "0.00");
}
