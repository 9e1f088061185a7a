// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/text_search.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "inference/examine/mask_text.h"
#include "inference/pixels/text_reader.h"
#include "tests/support/stamp.h"
#include "tools/phantom/recipe.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

Image image_with(const std::vector<Stamp>& stamps, std::uint64_t seed = 3) {
    auto drawn = phantom::draw(phantom::random_recipe(seed, 640, 640, {}));
    for (const Stamp& one : stamps) stamp(drawn, one);
    Image image;
    image.frame = {
        .rows = 640, .columns = 640, .bits_stored = 8, .is_signed = false, .patterns = {}};
    for (const float value : drawn.pixels) {
        image.frame.patterns.push_back(static_cast<std::uint16_t>(std::lround(value * 255)));
    }
    image.grey.window = Window{128, 256, Window::Function::linear};
    return image;
}

std::string withheld(Image image) {
    const auto masked = mask_text(image, search_text(image, Greys::display));
    return masked.withheld ? masked.withheld->key : "";
}

/// Whether a pixel of the stamp is still as it was stamped.
bool is_legible(const Image& image, const Stamp& what) {
    const int columns = 6 * what.dot * static_cast<int>(what.text.size()), rows = 7 * what.dot;
    int left = 0;
    for (int row = 0; row < (what.turned ? columns : rows); ++row) {
        for (int column = 0; column < (what.turned ? rows : columns); ++column) {
            const auto at = std::size_t{640} * static_cast<std::size_t>(what.row + row) +
                            static_cast<std::size_t>(what.column + column);
            left += image.frame.patterns[at] == std::lround(what.grey * 255) ? 1 : 0;
        }
    }
    return left > rows;
}

}  // namespace

TEST_CASE("a name in a corner is painted over, white or black, along or across",
          "[inference][privacy]") {
    const Stamp what =
        GENERATE(Stamp{.text = "HONG^GILDONG", .column = 12, .row = 12},
                 Stamp{.text = "HONG^GILDONG", .column = 400, .row = 605, .grey = 0},
                 Stamp{.text = "HONG^GILDONG 19291129", .column = 6, .row = 610},
                 Stamp{.text = "HONG^GILDONG", .column = 8, .row = 8, .turned = true});
    Image image = image_with({what});
    REQUIRE(is_legible(image, what));
    const auto masked = mask_text(image, search_text(image, Greys::display));
    CHECK_FALSE(masked.withheld);
    CHECK(masked.lines >= 1);
    CHECK_FALSE(is_legible(image, what));
}

TEST_CASE("an image with a name over the lungs is not sent", "[inference][privacy]") {
    CHECK(withheld(image_with({{.text = "HONG^GILDONG", .column = 230, .row = 300}})) ==
          "privacy.text_in_pixels");
}

TEST_CASE("an image without text is sent as it is", "[inference][privacy]") {
    const auto seed = GENERATE(2U, 8U, 9U, 10U);  // those have no side marker
    Image image = image_with({}, seed);
    const auto before = image.frame.patterns;
    const auto masked = mask_text(image, search_text(image, Greys::display));
    CHECK_FALSE(masked.withheld);
    CHECK((image.frame.patterns == before));
}

TEST_CASE("a side marker keeps no image here", "[inference][privacy]") {
    const auto seed = GENERATE(1U, 3U, 4U, 5U, 6U, 7U);
    CHECK(withheld(image_with({}, seed)).empty());
}

TEST_CASE("a search that did not end says nothing about text, and the image is not sent",
          "[inference][privacy]") {
    Image image = image_with({});
    const auto masked = mask_text(image, {{}, false});
    REQUIRE(masked.withheld);
    CHECK(masked.withheld->key == "privacy.not_searched");
}

TEST_CASE("harmless text stays, and text over much of a picture is not painted but withheld",
          "[inference][privacy]") {
    Image image = image_with({});
    const auto before = image.frame.patterns;
    CHECK(mask_text(
              image,
              {{{.columns = 200, .rows = 20, .is_harmless = true, .is_over_lungs = true}}, true})
              .lines == 0);
    CHECK(image.frame.patterns == before);
    CHECK(mask_text(image, {{{.columns = 640, .rows = 110}}, true}).withheld);
    CHECK(image.frame.patterns == before);
}

TEST_CASE("where the header says that a patient is named, every doubt keeps the image here",
          "[inference][privacy]") {
    Header header;
    CHECK(care_for(header) == Care::usual);
    header.burned_in = "YES";
    const auto care = care_for(header);
    CHECK(care == Care::strict);
    Image image = image_with({});
    const auto before = image.frame.patterns;
    const FoundText in_corner{.columns = 100, .rows = 20};
    const FoundText marker{.row = 40, .columns = 20, .rows = 20, .is_harmless = true};
    const FoundText doubtful{.column = 300,
                             .row = 300,
                             .columns = 60,
                             .rows = 20,
                             .is_over_lungs = true,
                             .is_doubtful = true};
    CHECK_FALSE(mask_text(image, {{marker, doubtful}, true}).withheld);
    CHECK(image.frame.patterns == before);  // a doubt is not painted over the lungs
    CHECK(mask_text(image, {{in_corner, doubtful}, true}, care).withheld);
    CHECK(mask_text(image, {{marker}, true}, care).withheld);
    CHECK(mask_text(image, {{}, true}, care).withheld);
    CHECK(image.frame.patterns == before);
    const auto masked = mask_text(image, {{in_corner, marker}, true}, care);
    CHECK_FALSE(masked.withheld);
    CHECK(masked.lines == 1);
}

TEST_CASE("words that stand on any radiograph are harmless, names and numbers are not",
          "[inference][privacy]") {
    for (const char* harmless : {"L", "R\n", "AP PORTABLE", "Semi-Erect", "SUPlNE", "PORTABLE."}) {
        INFO(harmless);
        CHECK(stands_on_any_radiograph(harmless));
    }
    for (const char* other :
         {"", "KIM", "LEE R", "12345", "PORTABLE KIM", "AP 1974", "\xED\x99\x8D"}) {
        INFO(other);
        CHECK_FALSE(stands_on_any_radiograph(other));
    }
}
