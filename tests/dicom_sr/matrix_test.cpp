// SPDX-License-Identifier: Apache-2.0
// Every kind of patient with every kind of study, and each object of it: verify checks them here,
// and the judges (dciodvfy, PixelMed, pydicom) after the last test.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "conf/dicom/sop_classes.h"
#include "dicom_sr/chest_cad/chest_cad.h"
#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/pages/summary.h"
#include "dicom_sr/presentation/presentation.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/segmentation/segmentation.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

struct Patient {
    const char* name;
    std::function<void(Source&)> become;
    const char* language = "en";
};

std::vector<Patient> patients() {
    return {
        {"complete", [](Source&) {}},
        {"Korean", [](Source& one) { one.patient_name = "Hong^Gildong=洪^吉洞=홍^길동"; }, "ko"},
        {"Japanese",
         [](Source& one) { one.patient_name = "Yamada^Tarou=山田^太郎=やまだ^たろう"; }},
        {"without an ID", [](Source& one) { one.patient_id.clear(); }},
        {"without a study date",
         [](Source& one) {
             one.study_date.clear();
             one.study_time.clear();
         }},
        {"anonymous",
         [](Source& one) {
             Source bare;
             bare.study = one.study;
             bare.series = one.series;
             bare.sop_class = one.sop_class;
             bare.sop_instance = one.sop_instance;
             bare.rows = one.rows;
             bare.columns = one.columns;
             one = bare;
         }},
    };
}

struct Study {
    const char* name;
    std::vector<ReportedImage> images;
};

std::vector<Study> studies() {
    using namespace examples;
    auto one = without_findings();
    one.result.findings[1] = pneumothorax(0.93);
    one.result.verdict = inference::Verdict::findings;
    auto many = with_findings();
    many.result.findings[0] = nodule(0.7, 5);
    return {{"no finding", {without_findings()}},
            {"one finding", {one}},
            {"many findings", {many}},
            {"two images", {with_findings(1), without_findings(2)}},
            {"lateral beside", {with_findings(1), lateral(2)}}};
}

/// dcmpschk does not accept names in UTF-8, nor an empty name (allowed by PS3.3 C.7.1.1, type 2).
bool has_plain_name(const Source& source) {
    const auto& name = source.patient_name;
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c > 0; });
}

/// Fails the test if verify finds a problem; Catch reports the combination.
void check(const Object& object, const ReportedImage& image) {
    CAPTURE(object.kind, object.sop_class.str());
    CHECK(verify(object, image.source) == std::vector<std::string>{});
    test::Folder folder;
    const auto file = folder.keep("object.dcm", object.part10).string();
    if (object.kind == kind::kReport || object.kind == kind::kChestCad) {
        const auto dump = test::output_of("dsrdump +U8 +Pl " + file);
        CHECK(dump.find("SR Document") != std::string::npos);
        CHECK(dump.find("\nE: ") == std::string::npos);
    } else if (object.kind == kind::kPresentation && has_plain_name(image.source)) {
        CHECK_THAT(test::output_of("dcmpschk " + file), Catch::Contains("Test passed"));
    }
}

void check_pictures(const ReportedImage& image, const char* language) {
    const auto picture = examples::picture(200, 160);
    for (const auto sop_class : kPictureClasses) {
        const OverlayStyle style{language, 300, "0.1.0", Uid{sop_class}};
        const auto drawing = draw_overlay(image, picture.view(), style);
        check(secondary_capture(image, drawing, style), image);
    }
    Softcopy grey;
    grey.window_center = 2048;
    grey.window_width = 4096;
    check(presentation_state(image, grey, {language, "0.1.0"}), image);
    if (image.result.verdict == inference::Verdict::findings) {
        check(segmentation(image, language, "0.1.0"), image);
    }
}

void check_pages(const std::vector<ReportedImage>& images, const char* language) {
    const auto picture = examples::picture(200, 160);
    const OverlayStyle style{language, 300, "0.1.0"};
    std::vector<SummaryImage> small;
    for (const auto& image : images) {
        small.push_back(thumbnail(image, picture.view()));
        if (image.result.verdict != inference::Verdict::not_analysed) continue;
        check(notice_capture(image, draw_notice(image, style), style), image);
    }
    check(summary_capture(images, draw_summary(small, style), style), images.front());
}

}  // namespace

TEST_CASE("verify accepts every object of every kind of study and patient", "[dicom_sr]") {
    for (const auto& patient : patients()) {
        for (auto& study : studies()) {
            CAPTURE(patient.name, study.name);
            for (auto& image : study.images) patient.become(image.source);
            auto job = examples::report(study.images);
            job.language = patient.language;
            check(measurement_report(job), study.images.front());
            if (study.images.size() > 1) {  // PixelMed needs seconds for each form of report
                for (const auto sop_class : kReportClasses) {
                    job.sop_class = Uid{sop_class};
                    check(measurement_report(job), study.images.front());
                }
                check(chest_cad(job), study.images.front());
            }
            check_pages(study.images, patient.language);
            for (const auto& image : study.images) {
                const bool analysed = image.result.verdict != inference::Verdict::not_analysed;
                if (analysed) check_pictures(image, patient.language);
            }
        }
    }
}

// For viewing: BUCKY_LOOK=FOLDER dicom_sr_tests "[.look]"
TEST_CASE("pictures of every size, for viewing", "[.look]") {
    const char* folder = std::getenv("BUCKY_LOOK");
    REQUIRE(folder != nullptr);
    auto undecided = examples::with_findings();
    undecided.result.findings[2].answer = inference::Answer::undetermined;
    undecided.result.findings[2].undetermined_from = 0.05;
    auto many = examples::with_findings();
    many.result.findings[0] = examples::nodule(0.7, 5);
    const std::vector<Study> looks{
        {"many", {many}}, {"undecided", {undecided}}, {"none", {examples::without_findings()}}};
    for (const auto& [rows, columns] : {std::pair{300U, 300U},
                                        {375U, 300U},
                                        {300U, 375U},
                                        {300U, 700U},
                                        {1000U, 400U},
                                        {2500U, 2048U},
                                        {2048U, 2500U},
                                        {5000U, 4000U},
                                        {4000U, 5000U}}) {
        const auto picture = examples::picture(rows, columns);
        for (const char* language : {"en", "ko"}) {
            for (Study look : looks) {
                auto& image = look.images.front();
                for (auto& finding : image.result.findings) {
                    for (auto& region : finding.regions) {
                        for (auto& point : region.outline) {
                            point.column *= columns / 1600.0;
                            point.row *= rows / 2000.0;
                        }
                    }
                }
                const auto png =
                    to_png(draw_overlay(image, picture.view(), {language, 2048, "0.1.0"}));
                std::ofstream{
                    fmt::format("{}/{}x{}-{}-{}.png", folder, columns, rows, language, look.name),
                    std::ios::binary}
                    .write(reinterpret_cast<const char*>(png.data()),
                           static_cast<std::streamsize>(png.size()));
            }
        }
    }
}
