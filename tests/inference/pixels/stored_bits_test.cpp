// SPDX-License-Identifier: Apache-2.0
// Cells that contradict High Bit, Bits Stored or Pixel Representation: the smoother picture is the
// true one.
#include <algorithm>
#include <cmath>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/draw.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

constexpr std::uint16_t kSide = 300;

std::vector<int> chest(unsigned bits) {
    static const auto drawn = phantom::draw(phantom::random_recipe(3, kSide, kSide));
    std::vector<int> values;
    for (const float grey : drawn.pixels) {
        values.push_back(
            static_cast<int>(std::lround(grey * static_cast<float>((1U << bits) - 1))));
    }
    return values;
}

Recipe recipe_of(const std::vector<int>& values, unsigned shift = 0) {
    Recipe recipe;
    recipe.rows = recipe.columns = kSide;
    for (const int value : values) {
        recipe.samples.push_back(static_cast<std::uint16_t>(static_cast<unsigned>(value) << shift));
    }
    return recipe;
}

Image decoded(const Recipe& recipe) {
    const TempDir dir;
    write_dicom(dir / "image.dcm", recipe);
    return decode(dir / "image.dcm");
}

std::vector<int> values_in(const Image& image) {
    std::vector<int> values;
    for (const auto pattern : image.frame.patterns) values.push_back(image.frame.value(pattern));
    return values;
}

std::function<void(DcmDataset&)> sign_in_header(int is_signed) {
    return [=](DcmDataset& dataset) {
        dataset.putAndInsertUint16(DCM_PixelRepresentation, static_cast<Uint16>(is_signed));
    };
}

}  // namespace

TEST_CASE("values are found where they are aligned, whatever High Bit says", "[inference][bits]") {
    const auto stored = GENERATE(10U, 12U);
    const auto high_bit = GENERATE(9, 11, 12, 13, 14, 15);
    const bool at_the_top = GENERATE(false, true);
    if (high_bit + 1 < static_cast<int>(stored)) return;
    const auto values = chest(stored);
    Recipe recipe = recipe_of(values, at_the_top ? 16 - stored : 0);
    recipe.stored = static_cast<std::uint16_t>(stored);
    recipe.high_bit = high_bit;
    CAPTURE(stored, high_bit, at_the_top);
    const Image image = decoded(recipe);
    const bool is_true = high_bit == (at_the_top ? 15 : static_cast<int>(stored) - 1);
    CHECK(image.note.empty() == is_true);
    CHECK(image.frame.bits_stored == stored);
    CHECK(values_in(image) == values);
}

TEST_CASE("values that need more bits than are stored have them", "[inference][bits]") {
    const auto stored = GENERATE(8, 10, 11);
    const auto values = chest(12);
    Recipe recipe = recipe_of(values);
    recipe.stored = static_cast<std::uint16_t>(stored);
    const Image image = decoded(recipe);
    CHECK(image.frame.bits_stored == 12);
    CHECK(values_in(image) == values);
    CHECK_THAT(image.note, Catch::Contains("the values are 12 unsigned bits up to bit 11"));
}

TEST_CASE("overlays and noise above the stored bits are dropped", "[inference][bits]") {
    const auto values = chest(12);
    Recipe recipe = recipe_of(values);
    SECTION("an overlay that the header describes") {
        for (std::size_t i = 0; i < recipe.samples.size(); i += 3) recipe.samples[i] |= 0x8000U;
        recipe.edit = [](DcmDataset& dataset) {
            const Uint16 sixteen = 16, position = 15;
            dataset.putAndInsertUint16(DcmTag(0x6000, 0x0100, EVR_US), sixteen);
            dataset.putAndInsertUint16(DcmTag(0x6000, 0x0102, EVR_US), position);
        };
    }
    SECTION("an overlay that it does not describe") {
        for (std::size_t i = 0; i < recipe.samples.size() / 9; ++i) recipe.samples[i] |= 0x1000U;
    }
    SECTION("a frame around the picture") {
        for (std::size_t i = 0; i < recipe.samples.size(); ++i) {
            if (i % kSide < 9 || i % kSide > kSide - 9) recipe.samples[i] |= 0xF000U;
        }
    }
    SECTION("bits that are always set") {
        for (auto& sample : recipe.samples) sample |= 0x4000U;
    }
    const Image image = decoded(recipe);
    CHECK(values_in(image) == values);
    CHECK(image.note.empty());
}

TEST_CASE("the sign is that of the values, not of the header", "[inference][bits]") {
    const auto unsigned_values = chest(12);
    auto signed_values = unsigned_values;
    for (int& value : signed_values) value -= 2048;
    const bool is_signed = GENERATE(false, true);
    const int header = GENERATE(0, 1);
    const auto& values = is_signed ? signed_values : unsigned_values;
    Recipe recipe = recipe_of(values);
    recipe.is_signed = is_signed;
    recipe.edit = sign_in_header(header);
    recipe.edit_last = true;
    SECTION("native, signs extended") {}
    SECTION("native, 12 bits each") {
        for (auto& sample : recipe.samples) sample &= 0xFFFU;
    }
    SECTION("RLE") {
        recipe.syntax = kRle;
    }
    SECTION("JPEG-LS") {
        for (auto& sample : recipe.samples) sample &= 0xFFFU;
        recipe.syntax = kJpegLsLossless;
    }
    SECTION("JPEG 2000, the stream as the values") {
        recipe.syntax = kJpeg2000Lossless;
    }
    SECTION("JPEG 2000, the stream against the values") {
        for (auto& sample : recipe.samples) sample &= 0xFFFU;
        recipe.is_signed = !is_signed;
        recipe.syntax = kJpeg2000Lossless;
    }
    CAPTURE(is_signed, header, recipe.syntax);
    const Image image = decoded(recipe);
    CHECK(image.frame.is_signed == is_signed);
    CHECK(values_in(image) == values);
    CHECK(image.note.empty() == (is_signed == (header == 1)));
}

TEST_CASE("a signed stream of fewer bits than the header stores keeps its sign",
          "[inference][bits]") {
    auto values = chest(12);
    for (int& value : values) value -= 2048;
    Recipe recipe = recipe_of(values);
    for (auto& sample : recipe.samples) sample &= 0xFFFU;
    recipe.is_signed = true;
    recipe.syntax = GENERATE(kJpeg2000Lossless, kHtj2kLossless);
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertUint16(DCM_BitsStored, 16);
        dataset.putAndInsertUint16(DCM_HighBit, 15);
    };
    recipe.edit_last = true;
    CAPTURE(recipe.syntax);
    const Image image = decoded(recipe);
    CHECK(image.note.empty());
    CHECK(values_in(image) == values);
}

TEST_CASE("a sign below the highest bit of the header is found", "[inference][bits]") {
    auto values = chest(12);
    for (int& value : values) value -= 2048;
    Recipe recipe = recipe_of(values);
    for (auto& sample : recipe.samples) sample &= 0xFFFU;
    recipe.stored = GENERATE(std::uint16_t{14}, std::uint16_t{16});
    recipe.is_signed = GENERATE(false, true);
    recipe.syntax = GENERATE(kExplicitLittle, kRle, kJpegLsLossless);
    CAPTURE(recipe.stored, recipe.is_signed, recipe.syntax);
    const Image image = decoded(recipe);
    CHECK_THAT(image.note, Catch::Contains("the values are 12 signed bits up to bit 11"));
    CHECK(values_in(image) == values);
}

TEST_CASE("what is bright beside black changes no sign", "[inference][bits]") {
    auto values = chest(11);  // nothing crosses the middle of 12 bits
    const int grey = GENERATE(2100, 3000, 3900, 4095);
    SECTION("a square") {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i % kSide > 100 && i % kSide < 150) values[i] = grey;
        }
    }
    SECTION("stripes") {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i % 8 == 0) values[i] = grey;
        }
    }
    SECTION("a frame") {
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i % kSide < 20 || i % kSide > kSide - 20) values[i] = grey;
        }
    }
    CAPTURE(grey);
    const Image image = decoded(recipe_of(values));
    CHECK(image.note.empty());
    CHECK(values_in(image) == values);
}

TEST_CASE("cells whose bytes were exchanged are put in order", "[inference][bits]") {
    const auto bits = GENERATE(10U, 12U, 16U);
    const auto values = chest(bits);
    Recipe recipe = recipe_of(values);
    recipe.stored = static_cast<std::uint16_t>(bits);
    for (auto& cell : recipe.samples) cell = static_cast<std::uint16_t>(cell << 8U | cell >> 8U);
    const Image image = decoded(recipe);
    CHECK(values_in(image) == values);
    CHECK_THAT(image.note, Catch::Contains("bytes exchanged"));
}

TEST_CASE("a contradiction that no reading mends is named", "[inference][bits]") {
    Recipe recipe = recipe_of(chest(12));
    std::uint32_t noise = 1;
    for (auto& sample : recipe.samples) {
        noise = noise * 1664525U + 1013904223U;
        sample = static_cast<std::uint16_t>(noise >> 16U);
    }
    const Error error = error_of([&] { decoded(recipe); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK_THAT(error.what(),
               Catch::Contains("12 unsigned bits up to bit 11") && Catch::Contains("bits 0 to 15"));
}

TEST_CASE("a padding value outside the stored bits is no contradiction", "[inference][bits]") {
    auto values = chest(12);
    Recipe recipe = recipe_of(values);
    for (std::size_t i = 0; i < recipe.samples.size(); ++i) {
        if (i % kSide < 60) recipe.samples[i] = 0xFFFF;
    }
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertUint16(DCM_PixelPaddingValue, 0xFFFF);
    };
    const Image image = decoded(recipe);
    CHECK(image.note.empty());
    CHECK(image.frame.bits_stored == 12);
    CHECK(values_in(image)[100] == values[100]);
}
