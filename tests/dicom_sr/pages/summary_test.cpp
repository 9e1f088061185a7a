// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/pages/summary.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/base/error.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/heat_colours.h"
#include "dicom_sr/draw/palette.h"
#include "dicom_sr/draw/panel.h"
#include "dicom_sr/verify.h"
#include "inference/reasons.h"
#include "tests/dicom_sr/examples.h"
#include "tests/dicom_sr/judges.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

OverlayStyle style(Language language = Language::english, Marking marking = Marking::outline) {
    return {
        .language = language, .longer_side = 400, .software_version = "0.1.0", .marking = marking};
}

/// Number of coloured pixels left of a column.
std::size_t coloured(const Drawing& drawing, std::uint32_t columns, std::uint32_t rows) {
    std::size_t count = 0;
    for (std::uint32_t r = 0; r < rows; ++r) {
        for (std::uint32_t c = 0; c < columns; ++c) {
            const auto* pixel = &drawing.rgb[3 * (std::size_t{r} * drawing.columns + c)];
            if (std::max({pixel[0], pixel[1], pixel[2]}) >
                std::min({pixel[0], pixel[1], pixel[2]}) + 8) {
                ++count;
            }
        }
    }
    return count;
}

double luminance(const Colour& colour) {
    return 0.2126 * colour.red + 0.7152 * colour.green + 0.0722 * colour.blue;
}

}  // namespace

TEST_CASE("heat becomes brighter with every step, hides nothing, and has no colour of an outline",
          "[dicom_sr]") {
    CHECK(heat_colour(0).alpha == 0);
    CHECK(heat_colour(0.49).alpha == 0);
    CHECK(heat_colour(0.5).alpha > 0);
    CHECK(heat_colour(1).alpha == Approx(0.25));
    for (std::size_t finding = 0; finding < 7; ++finding) {
        const Colour mark = mark_of(finding).colour;
        const Colour heat = heat_colour(1);
        CHECK(std::abs(mark.red - heat.red) + std::abs(mark.green - heat.green) +
                  std::abs(mark.blue - heat.blue) >
              0.3);
    }
    for (int i = 25; i < 50; ++i) {
        CHECK(luminance(heat_colour((i + 1) / 50.0)) > luminance(heat_colour(i / 50.0)));
        CHECK(heat_colour((i + 1) / 50.0).alpha >= heat_colour(i / 50.0).alpha);
    }
}

TEST_CASE("the picture shows outlines, heat or both, and outlines if there is no heat",
          "[dicom_sr]") {
    const auto picture = examples::picture(400, 320);
    const auto small = [](ReportedImage image) {
        for (auto& finding : image.result.findings) {
            for (auto& region : finding.regions) {
                for (auto& point : region.outline) {
                    point.column /= 5;
                    point.row /= 5;
                }
            }
        }
        return image;
    };
    const auto drawn = [&](const ReportedImage& image, Marking marking) {
        return draw_overlay(small(image), picture.view(), style(Language::english, marking));
    };
    const auto colours = [&](const ReportedImage& image, Marking marking) {
        return coloured(drawn(image, marking), 320, 400);
    };
    const auto hot = examples::with_heat();
    const auto plain = examples::with_findings();
    CHECK(colours(hot, Marking::heatmap) > 3 * colours(hot, Marking::outline));
    CHECK(drawn(hot, Marking::both).rgb != drawn(hot, Marking::heatmap).rgb);
    CHECK(drawn(hot, Marking::outline).rgb == drawn(plain, Marking::outline).rgb);
    CHECK(drawn(plain, Marking::heatmap).rgb == drawn(plain, Marking::outline).rgb);
    CHECK(colours(examples::without_findings(), Marking::both) == 0);

    CHECK(panel_of(hot, style(Language::english, Marking::both)).heat ==
          std::vector<std::string>{"AI activity (heatmap)"});
    CHECK(panel_of(hot, style(Language::english)).heat.empty());
    CHECK(panel_of(plain, style(Language::english, Marking::both)).heat.empty());
}

TEST_CASE("every reason why an image has no answer has a Korean text with the English detail",
          "[dicom_sr]") {
    for (const inference::ReasonRow& row : inference::kReasons) {
        CAPTURE(row.key);
        const inference::Reason reason{
            "", {std::string(row.code), "99BUCKY", ""}, "view position LL"};
        CHECK(text_of(reason, Language::english) == "view position LL");
        CHECK(text_of(reason, Language::korean).ends_with(" (view position LL)"));
    }
    const inference::Reason other{"", {"NEW", "99BUCKY", ""}, "because"};
    CHECK(text_of(other, Language::korean) == "because");
}

TEST_CASE("a legend without outlines shows no line samples", "[dicom_sr]") {
    const auto hot = examples::with_heat();
    CHECK(panel_of(hot, style(Language::english, Marking::both)).rows.at(0).drawn);
    CHECK_FALSE(panel_of(hot, style(Language::english, Marking::heatmap)).rows.at(0).drawn);
    const auto plain = examples::with_findings();
    CHECK(panel_of(plain, style(Language::english, Marking::heatmap)).rows.at(0).drawn);
}

TEST_CASE("a summary shows every image of the study, and a notice the reason of one image",
          "[dicom_sr]") {
    test::Folder folder;
    Language language = GENERATE(Language::english, Language::korean);
    const auto picture = examples::picture(400, 320);
    std::vector<ReportedImage> images{examples::with_findings(1), examples::without_findings(2),
                                      examples::lateral(3), examples::failed(4)};
    for (auto& image : images) image.source.patient_name = "Hong^Gildong=洪^吉洞=홍^길동";
    std::vector<Thumbnail> small;
    for (const auto& image : images) {
        const bool analysed = image.result.model.has_value();
        small.push_back(analysed ? thumbnail(image, picture.view()) : Thumbnail{image, 0, 0, {}});
    }
    const Drawing page = draw_summary(small, style(language));
    CHECK(page.columns == 1240);
    CHECK(page.rows > 2 * kThumbnailSide);
    const Object object = summary_capture(images, page, style(language));
    for (const auto& image : images) {
        CHECK(verify(object, image.source) == std::vector<std::string>{});
    }
    CHECK(test::iod_errors(folder.keep("summary.dcm", object.part10)) == "");

    const Object notice =
        notice_capture(images[2], draw_notice(images[2], style(language)), style(language));
    CHECK(verify(notice, images[2].source) == std::vector<std::string>{});
    CHECK(test::iod_errors(folder.keep("notice.dcm", notice.part10)) == "");
}

TEST_CASE("the band behind the verdict is amber, grey or blue, and wide", "[dicom_sr]") {
    const auto picture = examples::picture(400, 320);
    const auto share = [&](const ReportedImage& image, Tone tone) {
        const Drawing drawing = draw_overlay(image, picture.view(), style());
        const Colour wanted = colour_of(tone);
        const std::array<double, 3> parts{wanted.red, wanted.green, wanted.blue};
        std::size_t count = 0;
        for (std::size_t i = 3UL * 400 * drawing.columns; i < drawing.rgb.size(); i += 3) {
            bool same = true;
            for (std::size_t k = 0; k < 3; ++k) {
                same &= std::abs(drawing.rgb[i + k] - 255 * parts[k]) <= 1;
            }
            count += same;
        }
        return static_cast<double>(count) / drawing.columns;
    };
    CHECK(share(examples::with_findings(), Tone::found) > 12);  // rows, less the words
    CHECK(share(examples::without_findings(), Tone::none) > 12);
    CHECK(share(examples::lateral(), Tone::unread) > 12);
    CHECK(share(examples::lateral(), Tone::found) == 0);
}

TEST_CASE("a summary has the verdict of the study, of which each image may have its own",
          "[dicom_sr]") {
    const std::vector<ReportedImage> images{examples::without_findings(1), examples::lateral(2),
                                            examples::with_findings(3)};
    CHECK(study_verdict(images, Language::english) == "Pneumothorax L 0.97, Lung nodule R 0.62");
    CHECK(tone_of(images) == Tone::found);
    CHECK(study_verdict({&images[1], 1}, Language::english) == "Not analysed");
    CHECK(study_verdict({&images[0], 2}, Language::english) == "No finding above threshold");
    CHECK(tone_of({&images[0], 2}) == Tone::none);
    CHECK(tone_of({&images[1], 1}) == Tone::unread);
}

TEST_CASE("a summary of a hundred images is one page and states how many it does not show",
          "[dicom_sr]") {
    std::vector<ReportedImage> images;
    for (int i = 1; i <= 100; ++i) images.push_back(examples::lateral(i));
    std::vector<Thumbnail> small;
    for (const auto& image : images) small.push_back({image, 0, 0, {}});
    const Drawing page = draw_summary(small, style());
    const Drawing twelve = draw_summary(std::span(small).first(12), style());
    CHECK(page.rows > twelve.rows);
    CHECK(page.rows < twelve.rows + 60);
    CHECK_THROWS_AS(draw_summary({}, style()), Error);
}

TEST_CASE("the pixels of a picture are in its file once, complete and of even length",
          "[dicom_sr]") {
    const auto picture = examples::picture(301, 301);
    const auto image = examples::without_findings();
    auto drawing = draw_overlay(image, picture.view(), style());
    drawing.columns = drawing.rows = 3;
    drawing.rgb.resize(27);
    const Object object = secondary_capture(image, drawing, style());
    CHECK(object.transfer_syntax == "1.2.840.10008.1.2.5");
    const auto file = from_part10(object.part10);
    examples::make_native(*file->getDataset());
    const Uint8* pixels = nullptr;
    unsigned long bytes = 0;
    REQUIRE(file->getDataset()->findAndGetUint8Array(DCM_PixelData, pixels, &bytes).good());
    REQUIRE(bytes == 10);
    CHECK(std::equal(pixels, pixels + 9, indexed(drawing).begin()));
    CHECK(verify(object, image.source).empty());
    auto cut = object;
    cut.part10.resize(cut.part10.size() - 20);
    CHECK_FALSE(verify(cut, image.source).empty());
}

TEST_CASE("greys of a picture are at most one level off, its colours are those that were drawn",
          "[dicom_sr]") {
    Drawing drawing{1, 256, {}};
    for (int grey = 0; grey < 256; ++grey) {
        drawing.rgb.insert(drawing.rgb.end(), 3, static_cast<std::uint8_t>(grey));
    }
    const auto greys = indexed(drawing);
    for (std::size_t grey = 0; grey < greys.size(); ++grey) {
        const auto& shown = palette()[greys[grey]];
        CHECK(std::abs(shown[0] - static_cast<int>(grey)) <= 1);
        CHECK((shown[0] == shown[1] && shown[1] == shown[2]));
    }
    CHECK(palette()[greys.front()][0] == 0);
    CHECK(palette()[greys.back()][0] == 255);

    Drawing colours{1, static_cast<std::uint32_t>(drawn_colours().size()), {}};
    for (const Colour& colour : drawn_colours()) {
        for (const double part : {colour.red, colour.green, colour.blue}) {
            colours.rgb.push_back(static_cast<std::uint8_t>(std::lround(255 * part)));
        }
    }
    const auto entries = indexed(colours);
    for (std::size_t at = 0; at < entries.size(); ++at) {
        for (std::size_t part = 0; part < 3; ++part) {
            CHECK(palette()[entries[at]][part] == colours.rgb[3 * at + part]);
        }
    }
}

TEST_CASE("with heat a picture is in full colour", "[dicom_sr]") {
    const auto picture = examples::picture(100, 100);
    const auto image = examples::without_findings();
    auto drawing = draw_overlay(image, picture.view(), style());
    const auto photometric = [&] {
        const auto file = from_part10(secondary_capture(image, drawing, style()).part10);
        OFString words;
        (void)file->getDataset()->findAndGetOFString(DCM_PhotometricInterpretation, words);
        return std::string{words};
    };
    CHECK(photometric() == "PALETTE COLOR");
    drawing.has_tint = true;
    CHECK(photometric() == "RGB");
}
