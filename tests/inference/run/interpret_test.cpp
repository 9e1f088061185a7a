// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <catch2/catch.hpp>

#include "inference/run/contour.h"
#include "inference/run/interpret.h"
#include "tests/inference/support.h"

using namespace bucky;
using namespace bucky::inference;

namespace {

constexpr std::uint32_t kSide = 32;  // side of the heatmaps; the input is 256 x 256

Package one_finding() {
    Package package;
    package.identity.name = "test";
    package.has_heatmaps = true;
    package.findings.push_back({.key = "nodule",
                                .name = "Nodule",
                                .name_ko = "결절",
                                .code = {"27925004", "SCT", "Nodule"},
                                .threshold = 0.6,
                                .heatmap_threshold = 0.5,
                                .located = true});
    return package;
}

/// A portrait image of 1000 x 2000 pixels: the content fills columns 64 to 192 of the input.
Placement portrait() {
    return {.input_rows = 256,
            .input_columns = 256,
            .offset_row = 0,
            .offset_column = 64,
            .content_rows = 256,
            .content_columns = 128,
            .image_rows = 2000,
            .image_columns = 1000,
            .part_row = 0,
            .part_column = 0,
            .part_rows = 2000,
            .part_columns = 1000};
}

ModelOutput output_with(float score) {
    return {{score}, kSide, kSide, std::vector<float>(kSide * kSide)};
}

void paint(ModelOutput& output, std::uint32_t row, std::uint32_t column, std::uint32_t rows,
           std::uint32_t columns, float value) {
    for (std::uint32_t r = row; r < row + rows; ++r) {
        for (std::uint32_t c = column; c < column + columns; ++c) {
            output.heatmaps[r * kSide + c] = value;
        }
    }
}

Finding interpreted(const ModelOutput& output,
                    const std::vector<std::string>& orientation = {"L", "F"}) {
    return interpret(output, one_finding(), portrait(), orientation).at(0);
}

}  // namespace

TEST_CASE("a score at its threshold is present, below it absent and without a place",
          "[inference]") {
    ModelOutput output = output_with(0.6F);
    paint(output, 8, 12, 4, 3, 0.9F);
    output.scores[0] = 0.60001F;
    CHECK(interpreted(output).answer == Answer::present);
    CHECK(interpreted(output).regions.size() == 1);
    output.scores[0] = 0.59F;
    const Finding absent = interpreted(output);
    CHECK(absent.answer == Answer::absent);
    CHECK(absent.regions.empty());
    CHECK(absent.score == Approx(0.59));
    CHECK(absent.key == "nodule");
    CHECK(absent.name_ko == "결절");
    CHECK(absent.threshold == 0.6);
}

TEST_CASE("a score in the band below its threshold is undetermined and without a place",
          "[inference]") {
    Package package = one_finding();
    package.findings.at(0).undetermined_from = 0.5;
    ModelOutput output = output_with(0.55F);
    paint(output, 8, 12, 4, 3, 0.9F);
    const auto finding = interpret(output, package, portrait(), {"L", "F"}).at(0);
    CHECK(finding.answer == Answer::undetermined);
    CHECK(finding.undetermined_from == 0.5);
    CHECK(finding.regions.empty());
}

TEST_CASE("an outline is where the heatmap is, in pixels of the image", "[inference]") {
    ModelOutput output = output_with(0.9F);
    // heatmap cells 12..14 x 8..11 are input columns 96..120, rows 64..96;
    // in the image: columns 250..437.5, rows 500..750
    paint(output, 8, 12, 4, 3, 1.0F);
    const Finding finding = interpreted(output);
    REQUIRE(finding.regions.size() == 1);
    const auto& outline = finding.regions[0].outline;
    const auto [left, right] =
        std::minmax_element(outline.begin(), outline.end(),
                            [](const Point& a, const Point& b) { return a.column < b.column; });
    const auto [top, bottom] =
        std::minmax_element(outline.begin(), outline.end(),
                            [](const Point& a, const Point& b) { return a.row < b.row; });
    CHECK(left->column == Approx(250));
    CHECK(right->column == Approx(437.5));
    CHECK(top->row == Approx(500));
    CHECK(bottom->row == Approx(750));
    CHECK(finding.regions[0].score == 1.0);
    CHECK(is_simple(outline));
}

TEST_CASE("heat in the bars of the letterbox is no finding", "[inference]") {
    ModelOutput output = output_with(0.9F);
    paint(output, 0, 0, kSide, 8, 0.99F);  // the left bar, including its last column
    paint(output, 8, 12, 4, 3, 0.7F);
    const Finding finding = interpreted(output);
    REQUIRE(finding.regions.size() == 1);
    CHECK(finding.regions[0].score == Approx(0.7));
}

TEST_CASE("outlines stay inside the image", "[inference]") {
    ModelOutput output = output_with(0.9F);
    paint(output, 0, 8, 6, 5, 0.95F);
    const Finding finding = interpreted(output);
    REQUIRE(finding.regions.size() == 1);
    for (const Point& p : finding.regions[0].outline) {
        CHECK(p.column >= 0);
        CHECK(p.column <= 1000);
        CHECK(p.row >= 0);
        CHECK(p.row <= 2000);
    }
    CHECK(is_simple(finding.regions[0].outline));
}

TEST_CASE("the best region comes first and there are at most five", "[inference]") {
    ModelOutput output = output_with(0.9F);
    for (std::uint32_t i = 0; i < 7; ++i) {
        paint(output, 1 + 4 * i, 10, 2, 3, 0.6F + 0.05F * static_cast<float>(i));
    }
    const auto regions = interpreted(output).regions;
    REQUIRE(regions.size() == kRegionsMax);
    CHECK(regions[0].score == Approx(0.9));
    CHECK(std::is_sorted(regions.begin(), regions.end(),
                         [](const Region& a, const Region& b) { return a.score > b.score; }));
}

TEST_CASE("a present finding below the heatmap's threshold is placed at its peak", "[inference]") {
    ModelOutput output = output_with(0.9F);
    paint(output, 8, 12, 4, 3, 0.3F);
    const auto regions = interpreted(output).regions;
    REQUIRE(regions.size() == 1);
    CHECK(regions[0].score == Approx(0.3));
    SECTION("an empty heatmap shows no place") {
        const Finding nowhere = interpreted(output_with(0.9F));
        CHECK(nowhere.answer == Answer::present);
        CHECK(nowhere.regions.empty());
    }
}

TEST_CASE("specks are dropped beside an area, and kept if there is nothing else", "[inference]") {
    Package package = one_finding();
    constexpr std::uint32_t kFine = 128;
    ModelOutput output{{0.9F}, kFine, kFine, std::vector<float>(kFine * kFine)};
    output.heatmaps[60 * kFine + 60] = 0.99F;  // 1 cell of 16384
    CHECK(interpret(output, package, portrait(), {}).at(0).regions.size() == 1);
    for (std::uint32_t r = 80; r < 90; ++r) {
        for (std::uint32_t c = 70; c < 80; ++c) output.heatmaps[r * kFine + c] = 0.8F;
    }
    const auto regions = interpret(output, package, portrait(), {}).at(0).regions;
    REQUIRE(regions.size() == 1);
    CHECK(regions[0].score == Approx(0.8));
}

TEST_CASE("the side is that of the patient, by Patient Orientation", "[inference]") {
    ModelOutput output = output_with(0.9F);
    paint(output, 8, 10, 4, 3, 0.9F);  // the left half of the image
    CHECK(interpreted(output, {"L", "F"}).regions.at(0).side == Side::right);
    CHECK(interpreted(output, {"R", "F"}).regions.at(0).side == Side::left);
    CHECK(interpreted(output, {}).regions.at(0).side == Side::right);
    CHECK(interpreted(output, {"", ""}).regions.at(0).side == Side::right);
    CHECK(interpreted(output, {"A", "F"}).regions.at(0).side == Side::unknown);
    paint(output, 8, 10, 4, 12, 0.9F);  // across the middle
    CHECK(interpreted(output).regions.at(0).side == Side::both);
    ModelOutput other = output_with(0.9F);
    paint(other, 8, 18, 4, 3, 0.9F);
    CHECK(interpreted(other, {"L", "F"}).regions.at(0).side == Side::left);
}

TEST_CASE("an answer that does not match the package is corrupt", "[inference]") {
    ModelOutput output = output_with(0.9F);
    output.scores.push_back(0.5F);
    CHECK(test::error_of([&] { interpreted(output); }).fault() == Fault::corrupt);
    output.scores.pop_back();
    output.heatmaps.pop_back();
    CHECK(test::error_of([&] { interpreted(output); }).fault() == Fault::corrupt);
}

TEST_CASE("a finding that is not located has an answer and no place", "[inference]") {
    Package package = one_finding();
    package.findings[0].located = false;
    package.has_heatmaps = false;
    const Finding finding = interpret({{0.9F}, 0, 0, {}}, package, portrait(), {}).at(0);
    CHECK(finding.answer == Answer::present);
    CHECK(finding.regions.empty());
}
