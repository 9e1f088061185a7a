// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/display.h"
#include "inference/pixels/grey.h"
#include "tests/inference/judge.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

/// One pixel for each of the 4096 values of 12 bits.
Frame every_value() {
    Frame frame{.rows = 64,
                .columns = 64,
                .bits_stored = 12,
                .is_signed = false,
                .patterns = std::vector<std::uint16_t>(4096)};
    for (std::size_t i = 0; i < frame.patterns.size(); ++i) {
        frame.patterns[i] = static_cast<std::uint16_t>(i);
    }
    return frame;
}

Recipe every_value_recipe() {
    Recipe recipe;
    recipe.rows = recipe.columns = 64;
    recipe.samples = every_value().patterns;
    return recipe;
}

GreyRules with_window(double center, double width, Window::Function function) {
    GreyRules rules;
    rules.window = Window{center, width, function};
    return rules;
}

void put_window(DcmDataset& dataset, const char* center, const char* width,
                const char* function = nullptr) {
    dataset.putAndInsertString(DCM_WindowCenter, center);
    dataset.putAndInsertString(DCM_WindowWidth, width);
    if (function != nullptr) dataset.putAndInsertString(DCM_VOILUTFunction, function);
}

void put_table(DcmDataset& dataset, const DcmTagKey& sequence, std::uint16_t first,
               std::uint16_t bits, const std::vector<std::uint16_t>& entries) {
    DcmItem* item = nullptr;
    dataset.findOrCreateSequenceItem(sequence, item);
    const std::vector<Uint16> descriptor{static_cast<Uint16>(entries.size()), first, bits};
    item->putAndInsertUint16Array(DCM_LUTDescriptor, descriptor.data(), 3);
    if (sequence == DCM_ModalityLUTSequence) {
        item->putAndInsertString(DCM_ModalityLUTType, "US");
    }
    item->putAndInsertUint16Array(DCM_LUTData, entries.data(), entries.size());
}

/// A curve over `count` inputs as devices have it: steep in the middle.
std::vector<std::uint16_t> curve(std::size_t count, unsigned bits) {
    std::vector<std::uint16_t> entries(count);
    for (std::size_t i = 0; i < count; ++i) {
        const double x = static_cast<double>(i) / static_cast<double>(count - 1);
        entries[i] = static_cast<std::uint16_t>(
            std::lround(((1U << bits) - 1) * (0.5 - 0.5 * std::cos(3.14159265358979 * x))));
    }
    return entries;
}

/// The picture that DCMTK's renderer makes of the file.
std::vector<std::uint8_t> rendered_by_dcmtk(const std::filesystem::path& file) {
    DicomImage image(file.c_str());
    REQUIRE(image.getStatus() == EIS_Normal);
    if (image.getVoiLutCount() > 0) {
        REQUIRE(image.setVoiLut(0) == 1);
    } else {
        REQUIRE(image.setWindow(0) == 1);
    }
    const auto size = image.getOutputDataSize(8);
    std::vector<std::uint8_t> pixels(size);
    REQUIRE(image.getOutputData(pixels.data(), size, 8) == 1);
    return pixels;
}

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
    REQUIRE(a.size() == b.size());
    int largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

}  // namespace

TEST_CASE("a LINEAR window follows the standard's half-pixel formula", "[inference]") {
    // PS3.3 C.11.2.1.2.1: c = 2048, w = 4096 maps 0..4095 to the whole range
    const auto whole =
        display_values(every_value(), with_window(2048, 4096, Window::Function::linear)).values;
    CHECK(whole[0] == 0);
    CHECK(whole[4095] == 1);
    CHECK(whole[2048] == Approx(2048 / 4095.0));
    // c = 2048, w = 1 is a step between 2047 and 2048
    const auto step =
        display_values(every_value(), with_window(2048, 1, Window::Function::linear)).values;
    CHECK(step[2047] == 0);
    CHECK(step[2048] == 1);
    // c = 0, w = 100 maps -50 to black and 49 to white
    const auto low =
        display_values(every_value(), with_window(0, 100, Window::Function::linear)).values;
    CHECK(low[0] == Approx(50 / 99.0));
    CHECK(low[49] == 1);
    CHECK(low[48] < 1);
}

TEST_CASE("LINEAR_EXACT and SIGMOID follow their formulas", "[inference]") {
    const auto exact =
        display_values(every_value(), with_window(1000, 200, Window::Function::linear_exact))
            .values;
    CHECK(exact[900] == 0);
    CHECK(exact[1000] == Approx(0.5));
    CHECK(exact[1050] == Approx(0.75));
    CHECK(exact[1100] == 1);
    const auto sigmoid =
        display_values(every_value(), with_window(1000, 200, Window::Function::sigmoid)).values;
    CHECK(sigmoid[1000] == Approx(0.5));
    CHECK(sigmoid[1100] == Approx(1 / (1 + std::exp(-2.0))));
    CHECK(sigmoid[900] == Approx(1 / (1 + std::exp(2.0))));
}

TEST_CASE("the picture is DCMTK's picture, within one grey level", "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    const bool inverse = GENERATE(false, true);
    std::function<void(DcmDataset&)> rules;
    SECTION("window") {
        rules = [](DcmDataset& d) { put_window(d, "1500", "2000"); };
    }
    SECTION("the first of two windows") {
        rules = [](DcmDataset& d) { put_window(d, "1500\\10", "2000\\5"); };
    }
    SECTION("narrow window") {
        rules = [](DcmDataset& d) { put_window(d, "1500.5", "37"); };
    }
    SECTION("sigmoid window") {
        rules = [](DcmDataset& d) { put_window(d, "1500", "2000", "SIGMOID"); };
    }
    SECTION("rescale and window") {
        rules = [](DcmDataset& d) {
            d.putAndInsertString(DCM_RescaleSlope, "1.5");
            d.putAndInsertString(DCM_RescaleIntercept, "-1024");
            put_window(d, "300", "3000");
        };
    }
    SECTION("Modality LUT and window") {
        rules = [](DcmDataset& d) {
            put_table(d, DCM_ModalityLUTSequence, 0, 16, curve(4096, 16));
            put_window(d, "30000", "50000");
        };
    }
    SECTION("VOI LUT") {
        rules = [](DcmDataset& d) { put_table(d, DCM_VOILUTSequence, 0, 12, curve(4096, 12)); };
    }
    SECTION("VOI LUT over a part of the values") {
        rules = [](DcmDataset& d) { put_table(d, DCM_VOILUTSequence, 500, 16, curve(1000, 16)); };
    }
    SECTION("Modality LUT and VOI LUT") {
        rules = [](DcmDataset& d) {
            put_table(d, DCM_ModalityLUTSequence, 0, 10, curve(4096, 10));
            put_table(d, DCM_VOILUTSequence, 0, 8, curve(1024, 8));
        };
    }
    if (inverse) recipe.photometric = "MONOCHROME1";
    recipe.edit = [&](DcmDataset& dataset) {
        rules(dataset);
        if (inverse) dataset.putAndInsertString(DCM_PresentationLUTShape, "INVERSE");
    };
    write_dicom(dir / "image.dcm", recipe);
    const GreyPicture picture = by_the_header(dir / "image.dcm");
    CHECK(picture.rows == 64);
    CHECK(picture.columns == 64);
    CHECK(largest_difference(picture.pixels, rendered_by_dcmtk(dir / "image.dcm")) <= 1);
}

TEST_CASE("signed values go through the pipeline as signed", "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    recipe.is_signed = true;
    SECTION("window") {
        recipe.edit = [](DcmDataset& d) { put_window(d, "-500", "1000"); };
    }
    SECTION("VOI LUT from a negative value on") {
        recipe.edit = [](DcmDataset& d) {
            put_table(d, DCM_VOILUTSequence, static_cast<std::uint16_t>(-1000), 12,
                      curve(2000, 12));
        };
    }
    write_dicom(dir / "image.dcm", recipe);
    CHECK(largest_difference(by_the_header(dir / "image.dcm").pixels,
                             rendered_by_dcmtk(dir / "image.dcm")) <= 1);
}

TEST_CASE("dense is bright in every photometric interpretation", "[inference]") {
    GreyRules rules = with_window(2048, 4096, Window::Function::linear);
    rules.inverse = true;
    const auto values = display_values(every_value(), rules).values;
    CHECK(values[0] == 1);
    CHECK(values[4095] == 0);
}

TEST_CASE("MONOCHROME1 and Presentation LUT Shape INVERSE invert once", "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    const auto [photometric, shape, inverse] =
        GENERATE(table<const char*, const char*, bool>({{"MONOCHROME2", nullptr, false},
                                                        {"MONOCHROME2", "IDENTITY", false},
                                                        {"MONOCHROME2", "INVERSE", true},
                                                        {"MONOCHROME1", nullptr, true},
                                                        {"MONOCHROME1", "INVERSE", true},
                                                        {"MONOCHROME1", "IDENTITY", true}}));
    recipe.photometric = photometric;
    const char* put = shape;
    recipe.edit = [put](DcmDataset& d) {
        if (put != nullptr) d.putAndInsertString(DCM_PresentationLUTShape, put);
    };
    write_dicom(dir / "image.dcm", recipe);
    CHECK(decode(dir / "image.dcm").grey.inverse == inverse);
}

TEST_CASE("without a window, 99 % of the values are shown, and the description says so",
          "[inference]") {
    Frame frame{.rows = 100,
                .columns = 100,
                .bits_stored = 16,
                .is_signed = false,
                .patterns = std::vector<std::uint16_t>(10000)};
    for (std::size_t i = 0; i < frame.patterns.size(); ++i) {
        frame.patterns[i] = static_cast<std::uint16_t>(10000 + i);
    }
    GreyRules rules;
    SECTION("outliers do not stretch it") {
        std::fill_n(frame.patterns.begin(), 20, std::uint16_t{65535});
        std::fill_n(frame.patterns.begin() + 20, 20, std::uint16_t{0});
        const GreyTable table = display_values(frame, rules);
        CHECK(table.values[15000] == Approx(0.5).margin(0.01));
        CHECK(table.values[10030] == 0);
        CHECK(table.values[19990] == 1);
        CHECK_THAT(table.window, Catch::Contains("percentiles 0.5 to 99.5"));
    }
    SECTION("padding is not counted") {
        std::fill_n(frame.patterns.begin(), 5000, std::uint16_t{0});
        rules.padding = Padding{0, 0};
        CHECK(display_values(frame, rules).values[17500] == Approx(0.5).margin(0.01));
        rules.padding.reset();
        CHECK(display_values(frame, rules).values[17500] > 0.8F);
    }
    SECTION("an image of one value is grey and finite") {
        std::fill(frame.patterns.begin(), frame.patterns.end(), std::uint16_t{77});
        CHECK(display_values(frame, rules).values[77] == Approx(0.5));
    }
    SECTION("an image of padding alone is shown as it is") {
        rules.padding = Padding{0, 65535};
        CHECK(display_values(frame, rules).values[15000] == Approx(0.5).margin(0.01));
    }
}

TEST_CASE("a window that contradicts the standard is ignored", "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    const auto* width = GENERATE("0", "-5", "0.5", "wide");
    recipe.edit = [=](DcmDataset& d) { put_window(d, "1000", width); };
    write_dicom(dir / "image.dcm", recipe);
    CHECK_THAT(decode(dir / "image.dcm").grey.view, Catch::Contains("the header has none"));
}

TEST_CASE("a LUT of bytes packed in words is unpacked", "[inference]") {
    const TempDir dir;
    Recipe recipe;
    recipe.allocated = recipe.stored = 8;
    recipe.edit = [](DcmDataset& dataset) {
        DcmItem* item = nullptr;
        dataset.findOrCreateSequenceItem(DCM_VOILUTSequence, item);
        const Uint16 descriptor[] = {256, 0, 8};
        item->putAndInsertUint16Array(DCM_LUTDescriptor, descriptor, 3);
        std::vector<Uint16> words;
        for (unsigned i = 0; i < 256; i += 2) {
            words.push_back(static_cast<Uint16>((255 - i) | (255 - (i + 1)) << 8U));
        }
        item->putAndInsertUint16Array(DCM_LUTData, words.data(), words.size());
    };
    write_dicom(dir / "image.dcm", recipe);
    const Image image = decode(dir / "image.dcm");
    REQUIRE(image.grey.voi_lut.has_value());
    REQUIRE(image.grey.voi_lut->entries.size() == 256);
    CHECK(image.grey.voi_lut->entries[0] == 255);
    CHECK(image.grey.voi_lut->entries[1] == 254);
    CHECK(image.grey.voi_lut->entries[255] == 0);
    CHECK(display_values(image.frame, image.grey).values[10] == Approx(245 / 255.0));
}

TEST_CASE("the first usable window of several is applied, and the description states their number",
          "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    recipe.edit = [](DcmDataset& d) { put_window(d, "7\\1500\\10", "0\\4000\\5"); };
    write_dicom(dir / "image.dcm", recipe);
    const Image image = decode(dir / "image.dcm");
    REQUIRE(image.grey.window.has_value());
    CHECK(image.grey.window->center == 1500);
    CHECK(display_values(image.frame, image.grey).window ==
          "window 1500/4000 from the header, number 2 of 3");
}

TEST_CASE("a negative rescale slope inverts the grey scale before the window is applied",
          "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    recipe.edit = [](DcmDataset& d) {
        d.putAndInsertString(DCM_RescaleSlope, "-1");
        d.putAndInsertString(DCM_RescaleIntercept, "4095");
        put_window(d, "1000", "1000");
    };
    write_dicom(dir / "image.dcm", recipe);
    const auto pixels = by_the_header(dir / "image.dcm").pixels;
    CHECK(pixels[4095] == 0);
    CHECK(pixels[0] == 255);
    CHECK(pixels[4095 - 600] > 0);
    CHECK(largest_difference(pixels, rendered_by_dcmtk(dir / "image.dcm")) <= 1);
}

TEST_CASE("padding is black in either polarity, and in a range of values", "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    recipe.photometric = GENERATE("MONOCHROME1", "MONOCHROME2");
    const bool range = GENERATE(false, true);
    recipe.edit = [=](DcmDataset& d) {
        put_window(d, "2048", "4096");
        d.putAndInsertUint16(DCM_PixelPaddingValue, 100);
        if (range) d.putAndInsertUint16(DCM_PixelPaddingRangeLimit, 90);
    };
    write_dicom(dir / "image.dcm", recipe);
    const auto pixels = by_the_header(dir / "image.dcm").pixels;
    CHECK(pixels[100] == 0);
    CHECK((pixels[90] == 0) == range);
    CHECK(pixels[101] > 0);
    CHECK(pixels[89] > 0);
}

TEST_CASE("a signed padding value is compared as signed", "[inference]") {
    const TempDir dir;
    Recipe recipe = every_value_recipe();
    recipe.stored = 16;
    recipe.is_signed = true;
    recipe.samples.assign(recipe.samples.size(), static_cast<std::uint16_t>(-2000));
    recipe.samples[7] = 500;
    recipe.edit = [](DcmDataset& d) { d.putAndInsertSint16(DCM_PixelPaddingValue, -2000); };
    write_dicom(dir / "image.dcm", recipe);
    const Image image = decode(dir / "image.dcm");
    REQUIRE(image.grey.padding.has_value());
    CHECK(image.grey.is_padding(-2000));
    const auto pixels = by_the_header(dir / "image.dcm").pixels;
    CHECK(pixels[0] == 0);
    CHECK(pixels[7] == 128);  // the only value that counts: the middle of its window
}
