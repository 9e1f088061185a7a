// SPDX-License-Identifier: Apache-2.0
// Every kind of patient with every kind of study, and each object of it: verify checks them here,
// and the judges (dciodvfy, PixelMed, pydicom) after the last test.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/kind.h"
#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

struct Patient {
    const char* name;
    std::function<void(Source&)> become;
    Language language = Language::english;
};

std::vector<Patient> patients() {
    return {
        {"complete", [](Source&) {}},
        {"Korean", [](Source& one) { one.patient_name = "Hong^Gildong=洪^吉洞=홍^길동"; },
         Language::korean},
        {"Japanese", [](Source& one) { one.patient_name = "Yamada^Tarou=山田^太郎=やまだ^たろう"; },
         Language::japanese},
        {"ordered", [](Source& one) { one = examples::ordered(one); }},
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

/// dcmpschk does not accept text in UTF-8, nor an empty name (allowed by PS3.3 C.7.1.1, type 2).
bool has_plain_name(const Source& source) {
    const auto& name = source.patient_name;
    const auto is_plain = [](const std::string& text) {
        return std::ranges::all_of(text, [](char c) { return c > 0; });
    };
    return !name.empty() && is_plain(name) && is_plain(source.institution);
}

/// Fails the test if verify finds a problem; Catch reports the combination.
void check(const Object& object, const ReportedImage& image, test::Folder& folder) {
    CAPTURE(word_of(object.kind), object.sop_class.str());
    CHECK(verify(object, image.source) == std::vector<std::string>{});
    const auto file = folder.keep(object.sop_instance.str() + ".dcm", object.part10).string();
    if (row_of(object.kind).scope == ResultScope::study) {
        const auto dump = test::output_of("dsrdump +U8 +Pl " + file);
        CHECK(dump.find(" Document") != std::string::npos);
        CHECK(dump.find("\nE: ") == std::string::npos);
    } else if (object.kind == ResultKind::presentation && has_plain_name(image.source)) {
        CHECK_THAT(test::output_of("dcmpschk " + file), Catch::Contains("Test passed"));
    }
}

/// PixelMed needs seconds for each shape of document: a study of one image has one.
bool is_judged(const ResultKindRow& row, std::string_view sop_class, std::size_t images) {
    const bool is_report = row.kind == ResultKind::report && sop_class == row.classes.front();
    return images > 1 || row.scope != ResultScope::study || is_report;
}

/// Everything of the table, in each of its classes.
void check_every_kind(const std::vector<ReportedImage>& images, Language language,
                      test::Folder& folder) {
    const auto picture = examples::picture(200, 160);
    auto report = examples::report(images);
    report.language = language;
    OverlayStyle style{language, 300, "0.1.0"};
    Shown shown{picture.view(), {}};
    shown.grey.window_center = 2048;
    shown.grey.window_width = 4096;
    std::vector<Thumbnail> small;
    for (const auto& image : images) small.push_back(thumbnail(image, picture.view()));
    const auto check_one = [&](ResultKind kind, std::span<const ReportedImage> about) {
        const auto& parts = parts_of(kind);
        if (!parts.applies(about)) return;
        const auto show = [&]() -> const Shown& { return shown; };
        check(parts.make(Material{.report = report,
                                  .style = style,
                                  .images = about,
                                  .shown = show,
                                  .thumbnails = small}),
              about.front(), folder);
    };
    for (const auto& row : kResultKinds) {
        for (const auto sop_class : row.classes) {
            report.sop_class = style.sop_class = Uid{sop_class};
            const bool is_of_study =
                row.scope == ResultScope::study || row.scope == ResultScope::study_page;
            if (is_of_study && is_judged(row, sop_class, images.size()))
                check_one(row.kind, images);
            if (is_of_study) continue;
            for (const auto& image : images) {
                const bool is_due = was_analysed(image.result)
                                        ? row.scope == ResultScope::analysed_image
                                        : row.scope == ResultScope::skipped_image;
                if (is_due) check_one(row.kind, {&image, 1});
            }
        }
    }
}

}  // namespace

TEST_CASE("verify accepts every object of every kind of study and patient", "[dicom_sr]") {
    for (const auto& patient : patients()) {
        for (auto& study : studies()) {
            CAPTURE(patient.name, study.name);
            test::Folder folder;
            for (auto& image : study.images) {
                patient.become(image.source);
                folder.keep(image.source.sop_instance.str() + ".dcm",
                            examples::image_of(image.source));
            }
            check_every_kind(study.images, patient.language, folder);
            auto fewer = study.images;  // an earlier version of the study's results
            fewer.pop_back();
            if (!fewer.empty()) check_every_kind(fewer, patient.language, folder);
            CHECK(test::entity_errors(folder.path()) == "");
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
        for (Language language : {Language::english, Language::korean}) {
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
                std::ofstream{fmt::format("{}/{}x{}-{}-{}.png", folder, columns, rows,
                                          word_of(language), look.name),
                              std::ios::binary}
                    .write(reinterpret_cast<const char*>(png.data()),
                           static_cast<std::streamsize>(png.size()));
            }
        }
    }
}
