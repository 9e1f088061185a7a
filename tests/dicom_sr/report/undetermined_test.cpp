// SPDX-License-Identifier: Apache-2.0
// A score between the two limits of its finding is neither present nor absent, in every object.
#include <catch2/catch.hpp>

#include "conf/dicom/sop_classes.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/panel.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

ReportedImage undecided(ReportedImage image) {
    auto& nodule = image.result.findings.at(0);
    nodule.score = 0.456;
    nodule.undetermined_from = 0.3;
    nodule.answer = inference::Answer::undetermined;
    nodule.regions.clear();
    return image;
}

}  // namespace

TEST_CASE("an undetermined finding is coded Undetermined, with both limits beside its score",
          "[dicom_sr]") {
    test::Folder folder;
    for (const auto sop_class : kReportClasses) {
        for (const auto& image :
             {undecided(examples::with_findings()), undecided(examples::without_findings())}) {
            auto job = examples::report({image});
            job.sop_class = Uid{sop_class};
            const Object report = measurement_report(job);
            CHECK(verify(report, image.source) == std::vector<std::string>{});
            const auto file = folder.keep("report.dcm", report.part10);
            CHECK(test::iod_errors(file) == "");
            const auto dump = test::output_of("dsrdump +U8 +Pl +Pc " + file.string());
            INFO(dump);
            if (sop_class == kReportClasses.back()) {
                CHECK(dump.find("Lung nodule: undetermined; Score 0.45, Threshold 0.30-0.50") !=
                      std::string::npos);
                continue;
            }
            CHECK(dump.find("Nodule\")=(373068000,SCT,\"Undetermined\")") != std::string::npos);
            CHECK(dump.find("AI undetermined from, Lung nodule\")=\"0.3\"") != std::string::npos);
        }
    }
}

TEST_CASE("a study with only an undetermined finding is not reported as without findings",
          "[dicom_sr]") {
    const auto image = undecided(examples::without_findings());
    CHECK(title_of({&image, 1}, Language::english) ==
          "AI result: Undetermined: Lung nodule 0.45 (not a diagnosis)");
    CHECK(title_of({&image, 1}, Language::korean).find("판정 보류: 폐결절 0.45") !=
          std::string::npos);
    CHECK(verdict_line(image.result, Language::english) ==
          "No finding above threshold. Undetermined: Lung nodule");
    const auto other = undecided(examples::with_findings());
    CHECK(verdict_line(other.result, Language::english) ==
          "Findings: Pneumothorax (left upper zone). Undetermined: Lung nodule");
}

TEST_CASE("the legend of the picture says undetermined, and between which scores it is so",
          "[dicom_sr]") {
    const auto image = undecided(examples::with_findings());
    const Panel panel = panel_of(image, {});
    REQUIRE(panel.rows.size() == 3);
    CHECK(panel.rows[1].answer == "undetermined");
    CHECK(panel.rows[1].threshold == "0.30-0.50");
    CHECK(panel.rows[1].undetermined);
    CHECK_FALSE(panel.rows[1].drawn);
    CHECK(panel.rows[0].threshold == "0.50");
    CHECK_FALSE(panel.rows[0].undetermined);
}
