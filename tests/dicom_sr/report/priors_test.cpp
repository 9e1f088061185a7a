// SPDX-License-Identifier: Apache-2.0
// The results of earlier studies in the report of a later one.
#include <catch2/catch.hpp>

#include "conf/dicom/sop_classes.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

Prior prior(int number) {
    const std::string root = "1.2.826.0.1.3680043.10.999.7." + std::to_string(number);
    return {.study = Uid(root),
            .series = Uid(root + ".1"),
            .sop_class = Uid(kReportClasses.front()),
            .sop_instance = Uid(root + ".1.1"),
            .study_date = "20250301",
            .words = "Bucky: Lung nodule L 0.71 (assists, no reading)"};
}

}  // namespace

TEST_CASE("a report lists the reports of earlier studies with date and conclusion, in each class",
          "[dicom_sr]") {
    test::Folder folder;
    for (const auto sop_class : kReportClasses) {
        for (Language language : {Language::english, Language::korean}) {
            auto job = examples::report({examples::with_findings(1), examples::lateral(2)});
            job.sop_class = Uid{sop_class};
            job.language = language;
            job.priors = {prior(1), prior(2)};
            const Object report = measurement_report(job);
            CHECK(verify(report, job.images.front().source) == std::vector<std::string>{});
            const auto file = folder.keep("report.dcm", report.part10);
            CHECK(test::iod_errors(file) == "");
            const auto dump = test::output_of("dsrdump +U8 +Pl +Pu " + file.string());
            INFO(dump);
            CHECK(dump.find("2025-03-01: Bucky: Lung nodule L 0.71") != std::string::npos);
            for (const Prior& one : job.priors) {
                CHECK(dump.find(one.sop_instance.str()) != std::string::npos);
            }
            const auto evidence = test::output_of("dcmdump +P 0040,a385 " + file.string());
            CHECK(evidence.find(job.priors[1].series.str()) != std::string::npos);
        }
    }
}

TEST_CASE("priors change no UID: the same images and models give the same report", "[dicom_sr]") {
    auto job = examples::report({examples::with_findings()});
    const Object without = measurement_report(job);
    job.priors = {prior(1)};
    CHECK(measurement_report(job).sop_instance == without.sop_instance);
}

TEST_CASE("verify refuses a report that lists its own study as an earlier one", "[dicom_sr]") {
    auto job = examples::report({examples::with_findings()});
    job.priors = {prior(1)};
    job.priors[0].study = job.images.front().source.study;
    const auto words = verify(measurement_report(job), job.images.front().source);
    CHECK(words == std::vector<std::string>{"the study itself is named as another one"});
}
