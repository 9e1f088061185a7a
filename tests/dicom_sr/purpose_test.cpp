// SPDX-License-Identifier: Apache-2.0
// What a model is for stands in every object of its results, in both languages.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/panel.h"
#include "dicom_sr/kind.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;
using inference::Purpose;

namespace {

/// A study of two images by a model for this; `findings`: whether the first has any.
std::vector<ReportedImage> study(Purpose purpose) {
    std::vector images{examples::with_findings(1), examples::without_findings(2)};
    for (auto& image : images) image.result.model->purpose = purpose;
    return images;
}

/// Every object that is made of a study, in the first class of its kind.
std::vector<Object> objects_of(const std::vector<ReportedImage>& images, Language language) {
    const auto picture = examples::picture(200, 160);
    auto report = examples::report(images);
    report.language = language;
    OverlayStyle style{language, 300, "0.1.0"};
    Shown shown{picture.view(), {}};
    shown.grey.window_center = 2048;
    shown.grey.window_width = 4096;
    std::vector<Thumbnail> small;
    for (const auto& image : images) small.push_back(thumbnail(image, picture.view()));
    std::vector<Object> made;
    for (const auto& row : kResultKinds) {
        if (row.scope == ResultScope::skipped_image) continue;
        report.sop_class = style.sop_class = Uid{row.classes.front()};
        const bool is_of_image = row.scope == ResultScope::analysed_image;
        const std::span<const ReportedImage> about{images.data(), is_of_image ? 1 : images.size()};
        if (!parts_of(row.kind).applies(about)) continue;
        made.push_back(
            parts_of(row.kind).make(Material{.report = report,
                                             .style = style,
                                             .images = about,
                                             .shown = [&]() -> const Shown& { return shown; },
                                             .thumbnails = small}));
        CHECK(verify(made.back(), images.front().source) == std::vector<std::string>{});
    }
    return made;
}

std::string all_text(const Object& object) {
    return {object.part10.begin(), object.part10.end()};
}

std::string description_of(const Object& object) {
    return value(*from_part10(object.part10)->getDataset(), DCM_SeriesDescription);
}

}  // namespace

TEST_CASE("every object by a demonstration begins with DEMO in the list of a viewer",
          "[dicom_sr][purpose]") {
    const auto language = GENERATE(Language::english, Language::korean);
    const auto made = objects_of(study(Purpose::demonstration), language);
    CHECK(made.size() >= 6);
    for (const Object& object : made) {
        CAPTURE(word_of(object.kind));
        const std::string text = description_of(object);
        CAPTURE(text);
        CHECK(text.starts_with(language == Language::korean ? "DEMO AI 판독 보조 결과: "
                                                            : "DEMO AI result: "));
        CHECK(text.size() <= 64);
        CHECK_THAT(all_text(object), Catch::Contains("demonstration: Demonstration on computer-"));
    }
}

TEST_CASE("every object by a model of research says so", "[dicom_sr][purpose]") {
    const auto language = GENERATE(Language::english, Language::korean);
    for (const Object& object : objects_of(study(Purpose::research), language)) {
        CAPTURE(word_of(object.kind));
        const bool korean = language == Language::korean;
        CHECK_THAT(description_of(object),
                   Catch::Contains(korean ? "(연구용)" : "(research, not a diagnosis)"));
        CHECK_THAT(all_text(object), Catch::Contains("research: "));
    }
}

TEST_CASE("a clinical model is not called research or a demonstration", "[dicom_sr][purpose]") {
    for (const Object& object : objects_of(study(Purpose::clinical), Language::english)) {
        CAPTURE(word_of(object.kind));
        CHECK_FALSE(description_of(object).starts_with("DEMO"));
        CHECK_THAT(all_text(object),
                   !Catch::Contains("RESEARCH") && !Catch::Contains("DEMONSTRATION"));
    }
}

TEST_CASE("a long name in Korean leaves room for DEMO and for its score", "[dicom_sr][purpose]") {
    auto images = study(Purpose::demonstration);
    for (auto& finding : images.front().result.findings) {
        finding.name_ko = "우상엽을 침범한 활동성 폐결핵이 의심되는 소견";
    }
    const auto text = title_of(images, Language::korean);
    CHECK(text.starts_with("DEMO AI 판독 보조 결과: 우상엽"));
    CHECK(text.size() <= 64);
    CHECK_THAT(text, Catch::Contains("0.9"));
}

TEST_CASE("a study that a demonstration looked at, too, is one of a demonstration",
          "[dicom_sr][purpose]") {
    auto images = study(Purpose::clinical);
    images.back().result.model->purpose = Purpose::research;
    CHECK(purpose_line(images, Language::english) == "RESEARCH. Not for diagnosis.");
    images.front().result.model->purpose = Purpose::demonstration;
    CHECK(purpose_line(images, Language::english) == "DEMONSTRATION. Not for any patient.");
}

TEST_CASE("the report has the purpose as a code and the intended use as coded text",
          "[dicom_sr][purpose]") {
    const auto object = measurement_report(examples::report(study(Purpose::demonstration)));
    const auto file = from_part10(object.part10);
    DcmDataset& dataset = *file->getDataset();
    std::vector<std::string> found;
    DcmStack stack;
    while (dataset.nextObject(stack, true).good()) {
        auto* item = dynamic_cast<DcmItem*>(stack.top());
        DcmItem* concept_name = nullptr;
        if (item == nullptr ||
            item->findAndGetSequenceItem(DCM_ConceptNameCodeSequence, concept_name).bad()) {
            continue;
        }
        const auto code = value(*concept_name, DCM_CodeValue);
        DcmItem* coded = nullptr;
        if (code == "model-purpose" &&
            item->findAndGetSequenceItem(DCM_ConceptCodeSequence, coded).good()) {
            found.push_back(value(*coded, DCM_CodeMeaning));
        }
        if (code == "intended-use") {
            CHECK(value(*item, DCM_ValueType) == "TEXT");
            found.push_back(value(*item, DCM_TextValue));
        }
    }
    CHECK(found == std::vector<std::string>{"Demonstration, not for any patient",
                                            examples::model().intended_use});
}

TEST_CASE("the picture has a band with the purpose above everything else", "[dicom_sr][purpose]") {
    const auto panel = [](Purpose purpose, Language language) {
        return panel_of(study(purpose).front(), OverlayStyle{language, 300, "0.1.0"});
    };
    CHECK(panel(Purpose::clinical, Language::english).purpose.empty());
    CHECK(panel(Purpose::demonstration, Language::english).purpose ==
          "DEMONSTRATION. Not for any patient.");
    CHECK(panel(Purpose::research, Language::korean).purpose ==
          "연구용입니다. 진단에 쓸 수 없습니다.");
    Canvas ruler(1, 1);
    const auto height = [&](Purpose purpose) {
        return lay_out(ruler, panel(purpose, Language::english), 0, 0, 400, 12, false);
    };
    CHECK(height(Purpose::demonstration) > height(Purpose::clinical) + 12);
}

TEST_CASE("a withdrawn report of a demonstration still begins with DEMO", "[dicom_sr][purpose]") {
    Withdrawn report;
    report.filed_as = examples::source();
    report.filed_as.sop_class = Uid{"1.2.840.10008.5.1.4.1.1.88.34"};
    report.filed_as.series_description = "DEMO Bucky: Pneumothorax L 0.97 (assists, no reading)";
    CHECK(description_of(withdrawal(report)) == "DEMO AI result withdrawn: wrong patient identity");
    report.filed_as.series_description = "Bucky: Pneumothorax L 0.97 (assists, no reading)";
    CHECK(description_of(withdrawal(report)) == "AI result withdrawn: wrong patient identity");
}
