// SPDX-License-Identifier: Apache-2.0
// The same report in each class that an archive may accept, checked by other software.
#include <set>

#include <catch2/catch.hpp>

#include "dicom_sr/common/identity.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using test::Folder;

namespace {

constexpr const char* kTitles[] = {"Comprehensive 3D SR Document", "Comprehensive SR Document",
                                   "Enhanced SR Document", "Basic Text SR Document"};

std::vector<std::vector<ReportedImage>> studies() {
    using namespace examples;
    return {{with_findings()},
            {without_findings()},
            {with_findings(1), lateral(2)},
            {lateral(1), failed(2)},
            {without_findings(1), failed(2)}};
}

}  // namespace

TEST_CASE("a report is valid in each class and has the findings, the model and its version",
          "[dicom_sr]") {
    Folder folder;
    for (std::size_t at = 0; at < kReportClasses.size(); ++at) {
        for (Language language : {Language::english, Language::korean}) {
            for (const auto& images : studies()) {
                CAPTURE(kTitles[at], word_of(language), images.size());
                auto job = examples::report(images);
                job.sop_class = Uid{kReportClasses[at]};
                job.language = language;
                job.predecessor = {Uid("1.2.3.4"), Uid("1.2.3")};
                const Object object = measurement_report(job);
                CHECK(object.sop_class.str() == kReportClasses[at]);
                CHECK(verify(object, images.front().source) == std::vector<std::string>{});
                const auto file = folder.keep("report.dcm", object.part10);
                CHECK(test::iod_errors(file) == "");
                const auto dump = test::output_of("dsrdump +U8 +Pl " + file.string());
                CHECK(dump.find(kTitles[at]) != std::string::npos);
                CHECK(dump.find("\nE: ") == std::string::npos);
                const auto& model = images.front().result.model;
                if (!model) continue;
                CHECK(dump.find(model->name) != std::string::npos);
                CHECK(dump.find(model->version) != std::string::npos);
                CHECK(dump.find(model->sha256) != std::string::npos);
            }
        }
    }
}

TEST_CASE("in plain text a finding has its score, threshold and place", "[dicom_sr]") {
    Folder folder;
    auto image = examples::with_findings();
    image.result.findings = {examples::pneumothorax(0.917)};
    auto& region = image.result.findings[0].regions.at(0);
    region.outline = {{99.5, 200}, {300, 250}, {250, 420.2}};
    region.score = 0.87;
    auto job = examples::report({image});
    job.sop_class = Uid{kReportClasses.back()};
    const auto file = folder.keep("report.dcm", measurement_report(job).part10);
    const auto dump = test::output_of("dsrdump +U8 +Pl " + file.string());
    INFO(dump);
    CHECK(dump.find("detected; Score 0.91, Threshold 0.50; left upper zone") != std::string::npos);
    CHECK(dump.find("AI decision support.") != std::string::npos);
}

TEST_CASE("each class and each rendering is an object of its own, and always the same object",
          "[dicom_sr]") {
    std::set<Uid> uids, series;
    for (const char* rendering : {"", "ko", "nodule 0.60"}) {
        for (const auto sop_class : kReportClasses) {
            auto image = examples::with_findings();
            image.rendering = rendering;
            auto job = examples::report({image});
            job.sop_class = Uid{sop_class};
            const Object once = measurement_report(job);
            CHECK(measurement_report(job).sop_instance == once.sop_instance);
            CHECK(report_uid(job.images, job.sop_class) == once.sop_instance);
            CHECK(uids.insert(once.sop_instance).second);
            CHECK(series.insert(once.series).second);
        }
    }
    const auto plain = examples::report({examples::with_findings()});
    CHECK(uids.contains(report_uid(plain.images)));
}
