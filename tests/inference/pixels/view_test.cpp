// SPDX-License-Identifier: Apache-2.0
// Which of the views of a header is used, and which pictures nobody could read.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/view.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/draw.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

/// A chest of nobody whose values end at `top`.
Recipe chest(unsigned top, unsigned stored = 12) {
    static const auto drawn = phantom::draw(phantom::random_recipe(3, 400, 360));
    Recipe recipe;
    recipe.rows = 400;
    recipe.columns = 360;
    recipe.stored = static_cast<std::uint16_t>(stored);
    for (const float grey : drawn.pixels) {
        recipe.samples.push_back(
            static_cast<std::uint16_t>(std::lround(grey * static_cast<float>(top))));
    }
    return recipe;
}

Image seen(Recipe recipe, const char* centers, const char* widths) {
    const TempDir dir;
    recipe.edit = [=](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, centers);
        dataset.putAndInsertString(DCM_WindowWidth, widths);
    };
    write_dicom(dir / "image.dcm", recipe);
    return decode(dir / "image.dcm");
}

}  // namespace

TEST_CASE("a window that gives a picture is used as the header says", "[inference][view]") {
    const auto [center, width] = GENERATE(table<const char*, const char*>({{"2048", "4096"},
                                                                           {"2048", "3500"},
                                                                           {"2048", "5500"},
                                                                           {"1800", "5000"},
                                                                           {"2500", "4500"}}));
    CAPTURE(center, width);
    const Image image = seen(chest(4095), center, width);
    CHECK(image.grey.window->center == std::atof(center));
    CHECK(image.grey.window->width == std::atof(width));
    CHECK(image.grey.replaced.empty());
    CHECK_FALSE(unreadable(image.use));
}

TEST_CASE("a window that leaves a sliver of the grey scale is not used", "[inference][view]") {
    const auto [center, width, says] = GENERATE(table<const char*, const char*, const char*>(
        {{"32768", "65536", "of the grey scale"},  // the default of a 16-bit device
         {"2048", "16384", "of the grey scale"},
         {"8192", "16384", "of the grey scale"},
         {"4096", "8192", "of the grey scale"},
         {"2048", "7000", "of the grey scale"},
         {"100", "200", "%"},
         {"4096", "4096", "%"},
         {"-2000", "1000", "of the grey scale"},
         {"2048", "1", "of its middle"},
         {"2048", "1000", "of its middle"}}));
    CAPTURE(center, width);
    const Image image = seen(chest(4095), center, width);
    CHECK_THAT(image.grey.view, Catch::Contains("percentiles 0.5 to 99.5"));
    CHECK_THAT(image.grey.replaced, Catch::Contains(says) && Catch::Contains(center));
    CHECK(image.use.share > 0.5);
    CHECK_FALSE(unreadable(image.use));
}

TEST_CASE("the next window of the header is tried first", "[inference][view]") {
    const Image image = seen(chest(4095), "32768\\2048\\2000", "65536\\4096\\3900");
    CHECK(image.grey.window->width == 4096);
    CHECK(image.grey.view == "window 2048/4096 from the header, number 2 of 3");
    CHECK_THAT(image.grey.replaced, Catch::Contains("number 1 of 3 leaves"));
}

TEST_CASE("burned-in text at the top of the scale does not flatten the picture",
          "[inference][view]") {
    Recipe recipe = chest(1500, 16);
    const auto percent = GENERATE(0U, 1U, 3U);
    for (unsigned row = 0; row < 4 * percent; ++row) {
        std::fill_n(recipe.samples.begin() + row * 360, 360, std::uint16_t{65535});
    }
    CAPTURE(percent);
    const Image image = seen(recipe, "32768", "65536");
    CHECK(image.use.share > 0.4);
    CHECK_FALSE(unreadable(image.use));
}

TEST_CASE("padding and what a shutter hides are no part of the measure", "[inference][view]") {
    Recipe recipe = chest(4095);
    for (std::size_t at = 0; at < recipe.samples.size() / 2; ++at) recipe.samples[at] = 0;
    recipe.edit = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_WindowCenter, "2048");
        dataset.putAndInsertString(DCM_WindowWidth, "4096");
        dataset.putAndInsertUint16(DCM_PixelPaddingValue, 0);
    };
    const TempDir dir;
    write_dicom(dir / "image.dcm", recipe);
    const Image image = decode(dir / "image.dcm");
    CHECK(image.use.black < 0.05);
    CHECK(image.grey.replaced.empty());
}

TEST_CASE("a picture that nobody could read is told apart", "[inference][view]") {
    Recipe recipe = chest(4095);
    SECTION("one grey") {
        std::fill(recipe.samples.begin(), recipe.samples.end(), std::uint16_t{700});
    }
    SECTION("a mask of two greys") {
        for (auto& sample : recipe.samples) sample = sample > 2000 ? 4095 : 0;
    }
    SECTION("five greys") {
        for (auto& sample : recipe.samples) sample = static_cast<std::uint16_t>(sample / 820 * 820);
    }
    SECTION("burnt out") {
        for (auto& sample : recipe.samples) sample = std::min<std::uint16_t>(sample, 1200);
    }
    SECTION("drowned in black") {
        for (auto& sample : recipe.samples) sample = std::max<std::uint16_t>(sample, 2600);
    }
    SECTION("a picture of 14 levels") {
        for (auto& sample : recipe.samples) sample = static_cast<std::uint16_t>(sample >> 8U);
    }
    const Image image = seen(recipe, "2048", "4096");
    const auto why = unreadable(image.use);
    REQUIRE(why.has_value());
    CHECK_THAT(*why, Catch::Contains("nobody could read it"));
}
