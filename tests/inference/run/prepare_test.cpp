// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "inference/pixels/grey.h"
#include "inference/pixels/resample.h"
#include "inference/run/prepare.h"

using namespace bucky::inference;

namespace {

Frame noise(std::uint32_t rows, std::uint32_t columns) {
    std::mt19937 random(7);
    Frame frame{
        .rows = rows, .columns = columns, .bits_stored = 8, .is_signed = false, .patterns = {}};
    for (std::size_t i = 0; i < std::size_t{rows} * columns; ++i) {
        frame.patterns.push_back(static_cast<std::uint16_t>(random() % 256));
    }
    return frame;
}

std::vector<float> ramp() {
    std::vector<float> values(256);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 255;
    return values;
}

/// The definition of an area resize, pixel by pixel: the mean over the source that it covers.
double area_by_definition(const Frame& frame, std::uint32_t rows, std::uint32_t columns,
                          std::uint32_t r, std::uint32_t c) {
    const double high = static_cast<double>(frame.rows) / rows;
    const double wide = static_cast<double>(frame.columns) / columns;
    double sum = 0;
    for (std::uint32_t y = 0; y < frame.rows; ++y) {
        const double dy = std::min(y + 1.0, (r + 1) * high) - std::max(double{1} * y, r * high);
        for (std::uint32_t x = 0; x < frame.columns && dy > 0; ++x) {
            const double dx = std::min(x + 1.0, (c + 1) * wide) - std::max(double{1} * x, c * wide);
            if (dx > 0) sum += dx * dy * frame.patterns[std::size_t{y} * frame.columns + x] / 255.0;
        }
    }
    return sum / (high * wide);
}

Image flat_image(std::uint32_t rows, std::uint32_t columns, std::uint16_t value) {
    Image image;
    image.frame = {.rows = rows,
                   .columns = columns,
                   .bits_stored = 12,
                   .is_signed = false,
                   .patterns = std::vector<std::uint16_t>(std::size_t{rows} * columns, value)};
    image.grey.window = Window{2048, 4096, Window::Function::linear};
    image.grey.view = "window 2048/4096 from the header";
    return image;
}

InputSpec square(std::uint32_t side) {
    InputSpec spec;
    spec.width = spec.height = side;
    return spec;
}

/// A row of four pixels, and the table that leaves values as they are.
std::pair<Frame, std::vector<float>> row_of_four() {
    std::vector<float> same(256);
    for (std::size_t i = 0; i < 256; ++i) same[i] = static_cast<float>(i);
    return {{.rows = 1,
             .columns = 4,
             .bits_stored = 8,
             .is_signed = false,
             .patterns = {0, 100, 200, 40}},
            same};
}

}  // namespace

TEST_CASE("an area resize is the mean of what each pixel covers", "[inference]") {
    const auto [rows, columns, to_rows, to_columns] = GENERATE(
        table<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>({{64, 48, 16, 12},
                                                                           {61, 47, 17, 13},
                                                                           {40, 40, 40, 40},
                                                                           {9, 7, 20, 31},
                                                                           {50, 3, 7, 1},
                                                                           {1, 1, 4, 4},
                                                                           {100, 99, 99, 98}}));
    const Frame frame = noise(rows, columns);
    const FloatPicture small = resample(frame, ramp(), to_rows, to_columns, Resample::area);
    double worst = 0;
    for (std::uint32_t r = 0; r < to_rows; ++r) {
        for (std::uint32_t c = 0; c < to_columns; ++c) {
            const double wanted = area_by_definition(frame, to_rows, to_columns, r, c);
            const double got = small.values[std::size_t{r} * to_columns + c];
            worst = std::max(worst, std::abs(wanted - got));
        }
    }
    CAPTURE(rows, columns, to_rows, to_columns);
    CHECK(worst < 2e-6);
}

TEST_CASE("a bilinear resize interpolates between pixel centres", "[inference]") {
    const auto [frame, same] = row_of_four();
    const auto half = resample(frame, same, 1, 2, Resample::bilinear).values;
    CHECK(half == std::vector<float>{50, 120});
    const auto doubled = resample(frame, same, 1, 8, Resample::bilinear).values;
    CHECK(doubled == std::vector<float>{0, 25, 75, 125, 175, 160, 80, 40});
}

TEST_CASE("letterbox keeps the proportions, centres, and pads with black", "[inference]") {
    const auto [rows, columns, h, w, top, left] =
        GENERATE(table<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t,
                       std::uint32_t>({{2500, 2048, 256, 210, 0, 23},
                                       {2048, 2500, 210, 256, 23, 0},
                                       {300, 300, 256, 256, 0, 0},
                                       {1000, 1, 256, 1, 0, 127},
                                       {512, 3, 256, 2, 0, 127}}));  // 1.5 rounds up
    const Prepared ready = prepare(flat_image(rows, columns, 4095), square(256));
    const Placement& at = ready.placement;
    CHECK(at.content_rows == h);
    CHECK(at.content_columns == w);
    CHECK(at.offset_row == top);
    CHECK(at.offset_column == left);
    const auto white = std::count(ready.input.values.begin(), ready.input.values.end(), 1.0F);
    const auto black = std::count(ready.input.values.begin(), ready.input.values.end(), 0.0F);
    CHECK(white == static_cast<std::ptrdiff_t>(h) * w);
    CHECK(black == 256 * 256 - white);
    CHECK(ready.input.values[std::size_t{top} * 256 + left] == 1.0F);
}

TEST_CASE("points of the input map back to the corners of the image", "[inference]") {
    const Placement at = prepare(flat_image(2500, 2048, 1), square(256)).placement;
    CHECK(at.to_image({23, 0}) == Point{0, 0});
    CHECK(at.to_image({233, 256}) == Point{2048, 2500});
    CHECK(at.to_image({128, 128}) == Point{1024, 1250});

    InputSpec stretched = square(256);
    stretched.fit = Fit::stretch;
    const Placement whole = prepare(flat_image(2500, 2048, 1), stretched).placement;
    CHECK(whole.to_image({0, 0}) == Point{0, 0});
    CHECK(whole.to_image({256, 256}) == Point{2048, 2500});
}

TEST_CASE("range, mean and deviation are applied in this order, for each channel", "[inference]") {
    InputSpec spec = square(8);
    spec.channels = 2;
    spec.range_low = -1;
    spec.range_high = 3;
    spec.mean = {0.5, 1};
    spec.standard_deviation = {2, 4};
    const Prepared ready = prepare(flat_image(8, 4, 4095), spec);
    REQUIRE(ready.input.values.size() == 128);
    CHECK(ready.input.channels == 2);
    CHECK(ready.input.values[0] == Approx((-1 - 0.5) / 2));  // padding: black
    CHECK(ready.input.values[3] == Approx((3 - 0.5) / 2));   // white
    CHECK(ready.input.values[64 + 3] == Approx((3 - 1) / 4.0));
}

TEST_CASE("a model may ask for modality values", "[inference]") {
    InputSpec spec = square(8);
    spec.values = Values::modality;
    spec.mean = {100};
    spec.standard_deviation = {10};
    Image image = flat_image(8, 4, 30);
    image.frame.patterns[0] = 20;
    image.grey.slope = 2;
    image.grey.intercept = 1000;
    image.grey.inverse = true;  // modality values ignore it
    const Prepared ready = prepare(image, spec);
    CHECK(ready.input.values[3] == Approx((1060 - 100) / 10.0));
    CHECK(ready.input.values[2] == Approx((1040 - 100) / 10.0));
    CHECK(ready.input.values[0] == Approx((1040 - 100) / 10.0));  // padding: the smallest value
}

TEST_CASE("a triangle resize weights the pixels nearby, and enlarging is bilinear", "[inference]") {
    const auto [frame, same] = row_of_four();
    const auto half = resample(frame, same, 1, 2, Resample::triangle).values;
    // radius 2 about 1: pixel centres 0.5 and 1.5 have weight 3/4, 2.5 has weight 1/4
    CHECK(half[0] == Approx((0.75 * 0 + 0.75 * 100 + 0.25 * 200) / 1.75));
    CHECK(half[1] == Approx((0.25 * 100 + 0.75 * 200 + 0.75 * 40) / 1.75));
    const auto doubled = resample(frame, same, 1, 8, Resample::triangle).values;
    CHECK(doubled[1] == Approx(25));
    CHECK(doubled[2] == Approx(75));
}

TEST_CASE("a crop takes the middle, and points map back into the whole image", "[inference]") {
    InputSpec spec = square(100);
    spec.fit = Fit::crop;
    const Placement tall = place(2500, 2048, 1, spec);
    CHECK(tall.part_rows == 2048);
    CHECK(tall.part_columns == 2048);
    CHECK(tall.part_row == 226);
    CHECK(tall.part_column == 0);
    CHECK(tall.to_image({0, 0}) == Point{0, 226});
    CHECK(tall.to_image({100, 100}) == Point{2048, 2274});
    const Placement odd = place(47, 61, 1, spec);  // 61 // 2 - 47 // 2
    CHECK(odd.part_column == 7);
    CHECK(odd.part_columns == 47);

    Image image = flat_image(20, 10, 4095);
    for (std::size_t c = 0; c < 10; ++c) image.frame.patterns[c] = 0;  // cut off
    const Prepared ready = prepare(image, [] {
        InputSpec small = square(10);
        small.fit = Fit::crop;
        return small;
    }());
    CHECK(std::count(ready.input.values.begin(), ready.input.values.end(), 1.0F) == 100);
    CHECK(ready.window == "window 2048/4096 from the header; only the middle 10 x 10 pixels");
}

TEST_CASE("pixels that are not square keep the patient's proportions", "[inference]") {
    const Placement wide = place(1000, 1000, 2, square(100));  // twice as high as wide
    CHECK(wide.content_rows == 100);
    CHECK(wide.content_columns == 50);
    CHECK(wide.offset_column == 25);
    CHECK(wide.to_image({75, 100}) == Point{1000, 1000});
    InputSpec crop = square(100);
    crop.fit = Fit::crop;
    const Placement cut = place(1000, 1000, 2, crop);
    CHECK(cut.part_rows == 500);
    CHECK(cut.part_columns == 1000);
    CHECK(cut.part_row == 250);
}

TEST_CASE("pixels hidden by a shutter are black and do not change the window", "[inference]") {
    Image image = flat_image(8, 8, 1000);
    image.grey.window.reset();
    image.hidden.assign(64, 0);
    for (std::size_t i = 0; i < 64; ++i) {
        image.frame.patterns[i] = static_cast<std::uint16_t>(1000 + i);
        if (i % 8 < 4) {
            image.hidden[i] = 1;
            image.frame.patterns[i] = 4095;  // a collimator leaf, bright
        }
    }
    const Prepared ready = prepare(image, square(8));
    CHECK_THAT(ready.window, Catch::Contains("shutter"));
    for (std::size_t i = 0; i < 64; ++i) {
        if (i % 8 < 4) CHECK(ready.input.values[i] == 0.0F);
    }
    CHECK(ready.input.values[63] == 1.0F);
    InputSpec raw = square(8);
    raw.values = Values::modality;
    CHECK(prepare(image, raw).input.values[0] == 1004);  // the smallest that is not hidden
}
