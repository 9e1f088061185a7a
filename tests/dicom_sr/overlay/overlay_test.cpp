// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/overlay/overlay.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <iterator>
#include <thread>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/base/error.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/words.h"
#include "dicom_sr/draw/panel.h"
#include "dicom_sr/draw/resample.h"
#include "dicom_sr/verify.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"
#include "tests/dicom_sr/value.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

OverlayStyle style(std::uint32_t longer_side, Language language = Language::english) {
    return {language, longer_side, "0.1.0"};
}

/// An example with its outlines scaled to a picture of this size.
ReportedImage fitted(ReportedImage image, const examples::Picture& picture) {
    for (auto& finding : image.result.findings) {
        for (auto& region : finding.regions) {
            for (auto& point : region.outline) {
                point.column *= picture.columns / 1600.0;
                point.row *= picture.rows / 2000.0;
            }
        }
    }
    image.result.rows = image.source.rows = picture.rows;
    image.result.columns = image.source.columns = picture.columns;
    return image;
}

std::array<int, 3> at(const Drawing& drawing, double column, double row) {
    const auto* pixel = &drawing.rgb[(static_cast<std::size_t>(row) * drawing.columns +
                                      static_cast<std::size_t>(column)) *
                                     3];
    return {pixel[0], pixel[1], pixel[2]};
}

bool is_grey(const std::array<int, 3>& pixel) {
    return pixel[0] == pixel[1] && pixel[1] == pixel[2];
}

/// Number of coloured pixels in the drawn image, without the panel.
std::size_t coloured(const Drawing& drawing, std::uint32_t rows) {
    std::size_t count = 0;
    for (std::uint32_t r = 0; r < rows; ++r) {
        for (std::uint32_t c = 0; c < drawing.columns; ++c) {
            if (!is_grey(at(drawing, c, r))) ++count;
        }
    }
    return count;
}

}  // namespace

TEST_CASE("the same image gives the same picture", "[dicom_sr]") {
    const auto picture = examples::picture(500, 400);
    const auto image = fitted(examples::with_findings(), picture);
    const Drawing once = draw_overlay(image, picture.view(), style(1024));
    const Drawing again = draw_overlay(image, picture.view(), style(1024));
    CHECK(once.rgb == again.rgb);
    CHECK(secondary_capture(image, once, style(1024)).part10 ==
          secondary_capture(image, again, style(1024)).part10);
}

TEST_CASE("the anatomy fills its part of the picture, and the panel is beside it", "[dicom_sr]") {
    struct Case {
        std::uint32_t rows, columns, longer_side, image_rows, image_columns;
    };
    static constexpr Case kCases[] = {
        {2000, 1600, 2048, 2048, 1638},  // portrait
        {1600, 2000, 512, 410, 512},     // landscape
        {300, 800, 2048, 600, 1600},     // enlarged at most twice
        {800, 300, 2048, 1600, 600},     // narrow
        {5000, 4000, 2048, 2048, 1638},  // the largest
        {300, 300, 300, 300, 300},
    };
    const Case one = GENERATE(from_range(std::begin(kCases), std::end(kCases)));
    CAPTURE(one.rows, one.columns);
    const auto picture = examples::picture(one.rows, one.columns);
    const auto image = fitted(examples::without_findings(), picture);
    const Drawing drawing = draw_overlay(image, picture.view(), style(one.longer_side));
    CHECK((drawing.rows > one.image_rows || drawing.columns > one.image_columns));
    CHECK(drawing.rows >= one.image_rows);
    CHECK(drawing.columns >= one.image_columns);
    CHECK(drawing.rgb.size() == std::size_t{3} * drawing.rows * drawing.columns);
    CHECK(coloured(drawing, one.image_rows) == 0);  // nothing is drawn on a negative image
    const auto scaled = resampled(picture.view(), one.image_rows, one.image_columns);
    for (std::uint32_t r = 0; r < one.image_rows; r += 37) {
        for (std::uint32_t c = 0; c < one.image_columns; c += 41) {
            REQUIRE(at(drawing, c, r)[0] == scaled[std::size_t{r} * one.image_columns + c]);
        }
    }
}

TEST_CASE("an outline is drawn at its place and does not change the pixels inside", "[dicom_sr]") {
    const auto picture = examples::picture(1000, 800);
    auto image = fitted(examples::with_findings(), picture);
    image.result.findings[0] = fitted(examples::without_findings(), picture).result.findings[0];
    const Drawing drawing = draw_overlay(image, picture.view(), style(1000));
    // The pneumothorax: centre (590, 250), half axes 95 and 130 at this size.
    CHECK_FALSE(is_grey(at(drawing, 590 + 95, 250)));
    for (int r = -85; r <= 85; r += 5) {
        for (int c = -60; c <= 60; c += 5) {
            REQUIRE(is_grey(at(drawing, 590 + c, 250 + r)));
            REQUIRE(at(drawing, 590 + c, 250 + r)[0] ==
                    picture.pixels[std::size_t(250 + r) * 800 + std::size_t(590 + c)]);
        }
    }
}

TEST_CASE("an image with pixels that are not square is drawn in the patient's proportions",
          "[dicom_sr]") {
    const auto picture = examples::picture(500, 800);
    auto image = fitted(examples::with_findings(), picture);
    image.result.findings[0] = fitted(examples::without_findings(), picture).result.findings[0];
    auto view = picture.view();
    view.pixel_ratio = 2;  // twice as high as wide: displayed as 1000 x 800
    const Drawing drawing = draw_overlay(image, view, style(1000));
    CHECK(drawing.rows >= 1000);
    // The pneumothorax is at the same place as in the square picture above.
    CHECK_FALSE(is_grey(at(drawing, 590 + 95, 250)));
    CHECK(is_grey(at(drawing, 590, 250)));
    std::size_t line = 0;  // the line may be dashed: check around its lowest point
    for (int c = -12; c <= 12; ++c) {
        for (int r = -6; r <= 6; ++r) line += !is_grey(at(drawing, 590 + c, 250 + 130 + r));
    }
    CHECK(line > 0);
}

TEST_CASE("findings differ by colour and by line", "[dicom_sr]") {
    for (std::size_t i = 0; i < 20; ++i) {
        for (std::size_t k = i + 1; k < 20; ++k) {
            const Mark a = mark_of(i);
            const Mark b = mark_of(k);
            const bool same_colour = a.colour.red == b.colour.red &&
                                     a.colour.green == b.colour.green &&
                                     a.colour.blue == b.colour.blue;
            CHECK_FALSE((same_colour && a.dashes == b.dashes));
            if (k < 4) CHECK(a.dashes != b.dashes);
            if (k < 7) CHECK_FALSE(same_colour);
        }
    }
}

TEST_CASE("the panel shows all its text at every width", "[dicom_sr]") {
    auto image = examples::with_findings();
    image.result.model->intended_use = std::string(900, 'w') + " and " + std::string(300, 'x');
    image.result.findings[0].name = "A finding with a name of very many words indeed";
    const Panel panel = panel_of(image, style(512));
    REQUIRE(panel.rows.size() == 3);
    const double em = 12;
    for (double width = 264; width < 3000; width *= 1.3) {
        Canvas ruler(1, 1);
        const double height = lay_out(ruler, panel, 0, 0, width, em, false);
        Canvas canvas(static_cast<std::uint32_t>(width) + 200,
                      static_cast<std::uint32_t>(height) + 200);
        (void)lay_out(canvas, panel, 0, 0, width, em, true);
        const Drawing drawn = canvas.finish();
        std::size_t ink_outside = 0;
        std::size_t ink_inside = 0;
        for (std::uint32_t r = 0; r < drawn.rows; ++r) {
            for (std::uint32_t c = 0; c < drawn.columns; ++c) {
                const auto pixel = at(drawn, c, r);
                if (*std::ranges::max_element(pixel) == 0) continue;
                (r >= height || c >= width ? ink_outside : ink_inside) += 1;
            }
        }
        CHECK(ink_outside == 0);
        CHECK(ink_inside > 10000);  // 1,200 letters leave many coloured pixels
    }
}

TEST_CASE("the panel shows verdict, scores, model, use, time and that it is not a diagnosis",
          "[dicom_sr]") {
    const Panel panel = panel_of(examples::with_findings(), style(512));
    CHECK(panel.verdict ==
          "Findings: Pneumothorax (left upper zone), Lung nodule (right mid zone)");
    CHECK(panel.assists == words(Language::english).assists);
    CHECK(panel.rows[0].score == "0.97");  // in the order of the verdict
    CHECK(panel.rows[0].threshold == "0.50");
    CHECK(panel.rows[0].answer == "detected");
    CHECK(panel.rows[2].answer == "not detected");
    CHECK_FALSE(panel.rows[2].drawn);
    CHECK(panel.tone == Tone::found);
    CHECK(panel.not_detected == "Not detected: Pneumonia. Nothing else was looked for.");
    CHECK(panel.score_means == "A score is from 0 to 1 and is not a probability.");
    REQUIRE(panel.notes.size() == 2);
    CHECK(panel.notes[0] == "Model: cxr-phantom 1.0.0 (weights 9f86d081884c)");
    CHECK(panel.intended_use.find("not for any patient") != std::string::npos);
    CHECK(panel.notes[1].find("Analysed: 2026-11-23 ") == 0);

    auto elsewhere = examples::with_findings();
    elsewhere.source.timezone_offset = "+0900";
    elsewhere.result.device = "remote: ai.example";
    CHECK(panel_of(elsewhere, style(512)).notes[1] ==
          "Analysed: 2026-11-23 23:30:05 +0900, Bucky 0.1.0, remote: ai.example");

    auto doubtful = examples::with_findings();
    doubtful.result.warnings = {{"gate.mirrored", {}, "left and right may be exchanged"}};
    CHECK(panel_of(doubtful, style(512)).warnings ==
          std::vector<std::string>{"Warning: left and right may be exchanged"});
    const auto picture = examples::picture(400, 320);
    const auto drawn = fitted(doubtful, picture);
    auto sure = drawn;
    sure.result.warnings.clear();
    CHECK(draw_overlay(drawn, picture.view(), style(400)).rgb !=
          draw_overlay(sure, picture.view(), style(400)).rgb);

    const Panel lateral = panel_of(examples::lateral(), style(512, Language::korean));
    CHECK(lateral.verdict.find("분석 제외: view position LL") == 0);
    CHECK(lateral.assists == words(Language::korean).assists);
    CHECK(lateral.rows.empty());
    CHECK(lateral.tone == Tone::unread);
    CHECK(lateral.not_detected.empty());
    CHECK(lateral.notes.back().find("확인 시각: ") == 0);
    CHECK(panel_of(examples::without_findings(), style(512)).tone == Tone::none);
}

TEST_CASE("the picture does not show the patient's identity", "[dicom_sr]") {
    const auto picture = examples::picture(400, 320);
    const auto image = fitted(examples::with_findings(), picture);
    auto other = image;
    other.source.patient_name = "Somebody^Else";
    other.source.patient_id = "42";
    other.source.birth_date = "19500101";
    CHECK(draw_overlay(image, picture.view(), style(400)).rgb ==
          draw_overlay(other, picture.view(), style(400)).rgb);
}

TEST_CASE("many threads can draw pictures at once", "[dicom_sr]") {
    const auto picture = examples::picture(400, 320);
    const auto image = fitted(examples::with_findings(), picture);
    const auto expected = draw_overlay(image, picture.view(), style(640, Language::korean)).rgb;
    std::array<bool, 6> same{};
    std::vector<std::jthread> threads;
    for (bool& one : same) {
        threads.emplace_back([&] {
            one = true;
            for (int i = 0; i < 5; ++i) {
                one =
                    one && draw_overlay(image, picture.view(), style(640, Language::korean)).rgb ==
                               expected;
            }
        });
    }
    threads.clear();  // joins
    CHECK(std::ranges::all_of(same, [](bool one) { return one; }));
}

TEST_CASE("dciodvfy finds no error in a picture as a Secondary Capture", "[dicom_sr]") {
    test::Folder folder;
    const auto picture = examples::picture(400, 320);
    auto image = fitted(
        GENERATE(examples::with_findings(), examples::without_findings(), examples::lateral()),
        picture);
    Language language = GENERATE(Language::english, Language::korean);
    const bool bare = GENERATE(false, true);
    image.source.lossy_compression = bare ? "" : "01";
    image.source.lossy_ratio = "12.5";
    image.source.lossy_method = "ISO_10918_1";
    if (bare) {
        image = examples::bare(image);
    } else {
        image.source.patient_name = "Hong^Gildong=洪^吉洞=홍^길동";
    }
    const Drawing drawing = draw_overlay(image, picture.view(), style(400, language));
    const Object object = secondary_capture(image, drawing, style(400, language));
    CHECK(verify(object, image.source) == std::vector<std::string>{});
    CHECK(test::iod_errors(folder.keep("picture.dcm", object.part10)) == "");
}

TEST_CASE("each picture is in a series of its own, which has its title", "[dicom_sr]") {
    const auto picture = examples::picture(300, 300);
    const auto made = [&](ReportedImage image) {
        return secondary_capture(image, draw_overlay(image, picture.view(), style(300)),
                                 style(300));
    };
    const Object one = made(examples::with_findings(1));
    const Object two = made(examples::with_findings(2));
    CHECK(one.series != two.series);
    CHECK(one.sop_instance != two.sop_instance);
    CHECK(value(*from_part10(one.part10)->getDataset(), DCM_InstanceNumber) == "1001");
    CHECK(value(*from_part10(two.part10)->getDataset(), DCM_InstanceNumber) == "2001");
    auto other = examples::with_findings(1);
    other.result.model->sha256[0] = '0';
    CHECK(made(other).series != one.series);
}

TEST_CASE("a picture is marked as burned in or lossy if its source is", "[dicom_sr]") {
    const auto picture = examples::picture(300, 300);
    auto image = examples::with_findings();
    const auto dataset = [&] {
        const auto object =
            secondary_capture(image, draw_overlay(image, picture.view(), style(300)), style(300));
        return from_part10(object.part10);
    };
    auto clean = dataset();
    CHECK(value(*clean->getDataset(), DCM_BurnedInAnnotation) == "NO");
    CHECK_FALSE(clean->getDataset()->tagExists(DCM_LossyImageCompression));
    image.source.burned_in_annotation = "YES";
    image.source.lossy_compression = "01";
    auto marked = dataset();
    CHECK(value(*marked->getDataset(), DCM_BurnedInAnnotation) == "YES");
    CHECK(value(*marked->getDataset(), DCM_LossyImageCompression) == "01");
}

TEST_CASE("a flat picture stays flat at every size, and the mean is kept", "[dicom_sr]") {
    const std::vector<std::uint8_t> flat(30 * 40, 119);
    for (const std::uint32_t side : {1U, 7U, 29U, 30U, 31U, 77U}) {
        const auto out = resampled({30, 40, flat}, side, side + 3);
        CHECK(std::ranges::all_of(out, [](std::uint8_t grey) { return grey == 119; }));
    }
    const std::vector<std::uint8_t> columns{0, 200, 0, 200};
    CHECK(resampled({1, 4, columns}, 1, 2) == std::vector<std::uint8_t>{100, 100});
    CHECK(resampled({1, 4, columns}, 1, 4) == columns);
    const auto grown = resampled({1, 4, columns}, 1, 8);
    CHECK(grown.front() == 0);
    CHECK(grown.back() == 200);
    CHECK(std::ranges::max(grown) <= 200);
}

TEST_CASE("a picture without pixels is refused, and a drawing can be written as PNG",
          "[dicom_sr]") {
    const auto picture = examples::picture(300, 300);
    const auto image = examples::without_findings();
    CHECK_THROWS_AS(draw_overlay(image, {0, 0, {}}, style(512)), Error);
    CHECK_THROWS_AS(draw_overlay(image, {400, 300, picture.pixels}, style(512)), Error);
    CHECK_THROWS_AS(secondary_capture(image, Drawing{2, 2, {1, 2, 3}}, style(512)), Error);
    const auto png = to_png(draw_overlay(image, picture.view(), style(300)));
    const std::vector<std::uint8_t> signature{0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
    REQUIRE(png.size() > 1000);
    CHECK(std::equal(signature.begin(), signature.end(), png.begin()));
}

TEST_CASE("for an archive that accepts only radiographs the picture is a derived CR image in grey",
          "[dicom_sr]") {
    test::Folder folder;
    const auto picture = examples::picture(500, 400);
    for (const bool bare : {false, true}) {
        auto image = fitted(examples::with_findings(), picture);
        if (bare) image.source.body_part = image.source.view_position = "";
        auto in_grey = style(512);
        in_grey.sop_class = Uid{kPictureClasses.back()};
        const auto drawing = draw_overlay(image, picture.view(), in_grey);
        const Object made = secondary_capture(image, drawing, in_grey);
        const Object in_colour = secondary_capture(image, drawing, style(512));
        CHECK(made.sop_class.str() == kPictureClasses.back());
        CHECK(made.kind == in_colour.kind);
        CHECK(made.sop_instance != in_colour.sop_instance);
        CHECK(made.series != in_colour.series);
        CHECK(secondary_capture(image, drawing, in_grey).sop_instance == made.sop_instance);
        CHECK(verify(made, image.source) == std::vector<std::string>{});
        CHECK(test::iod_errors(folder.keep("picture.dcm", made.part10)) == "");

        const auto file = from_part10(made.part10);
        examples::make_native(*file->getDataset());
        const Uint8* pixels = nullptr;
        REQUIRE(file->getDataset()->findAndGetUint8Array(DCM_PixelData, pixels).good());
        for (std::size_t i = 0; i < drawing.rgb.size() / 3; i += 97) {
            const std::array<int, 3> was{drawing.rgb[3 * i], drawing.rgb[3 * i + 1],
                                         drawing.rgb[3 * i + 2]};
            const double grey = 0.299 * was[0] + 0.587 * was[1] + 0.114 * was[2];
            CHECK(std::abs(pixels[i] - grey) <= 1);
        }
    }
}
