// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "inference/run/contour.h"

using namespace bucky::inference;

namespace {

constexpr std::uint32_t kSide = 64;

/// A round hill of height 1 with this radius at half height.
void add_hill(std::vector<float>& map, double column, double row, double radius) {
    for (std::uint32_t r = 0; r < kSide; ++r) {
        for (std::uint32_t c = 0; c < kSide; ++c) {
            const double distance = std::hypot(c + 0.5 - column, r + 0.5 - row);
            float& value = map[r * kSide + c];
            const double hill = std::clamp(1 - distance / (2 * radius), 0.0, 1.0);
            value = std::max(value, static_cast<float>(hill));
        }
    }
}

std::vector<Area> areas_of(const std::vector<float>& map, double threshold = 0.5) {
    return areas_above({kSide, kSide, map}, threshold);
}

}  // namespace

TEST_CASE("the outline of a round hill is its circle, to a fraction of a cell", "[inference]") {
    std::vector<float> map(kSide * kSide);
    add_hill(map, 30.3, 25.8, 9);
    const auto areas = areas_of(map);
    REQUIRE(areas.size() == 1);
    CHECK(areas[0].peak == Approx(1).margin(0.05));
    double worst = 0;
    for (const Point& p : areas[0].outline) {
        worst = std::max(worst, std::abs(std::hypot(p.column - 30.3, p.row - 25.8) - 9));
    }
    CHECK(worst < 0.1);
    CHECK(is_simple(areas[0].outline));
    CHECK(area_of(areas[0].outline) == Approx(3.14159 * 81).epsilon(0.01));
}

TEST_CASE("each connected area has its own outline and peak", "[inference]") {
    std::vector<float> map(kSide * kSide);
    add_hill(map, 15, 15, 5);
    add_hill(map, 45, 40, 8);
    for (float& v : map) v *= 0.9F;
    const auto areas = areas_of(map);
    REQUIRE(areas.size() == 2);
    CHECK(areas[0].cells < areas[1].cells);
    for (const Area& area : areas) CHECK(area.peak == Approx(0.9).margin(0.1));
}

TEST_CASE("areas that touch only at a corner are separate", "[inference]") {
    std::vector<float> map(kSide * kSide);
    map[10 * kSide + 10] = map[11 * kSide + 11] = 1;
    const auto areas = areas_of(map);
    REQUIRE(areas.size() == 2);
    for (const Area& area : areas) {
        CHECK(area.cells == 1);
        CHECK(area.outline.size() == 4);
        CHECK(is_simple(area.outline));
    }
}

TEST_CASE("an area at the border is closed along it, and its hole is not cut out", "[inference]") {
    std::vector<float> map(kSide * kSide, 1.0F);
    map[20 * kSide + 20] = 0;
    const auto areas = areas_of(map);
    REQUIRE(areas.size() == 1);
    CHECK(is_simple(areas[0].outline));
    CHECK(area_of(areas[0].outline) == Approx(kSide * kSide).epsilon(0.02));
}

TEST_CASE("a flat map has no areas", "[inference]") {
    CHECK(areas_of(std::vector<float>(kSide * kSide, 0.4F)).empty());
}

TEST_CASE("outlines of random maps never cross themselves, simplified or not", "[inference]") {
    std::mt19937 random(11);
    std::uniform_real_distribution<float> value(0, 1);
    for (int map_number = 0; map_number < 30; ++map_number) {
        std::vector<float> map(kSide * kSide);
        for (float& v : map) v = value(random);
        if (map_number % 3 == 0) {  // values exactly at the threshold
            for (float& v : map) v = std::round(v * 4) / 4;
        }
        for (const Area& area : areas_of(map, 0.4 + 0.01 * (map_number % 3) * 10)) {
            if (!is_simple(area.outline)) {
                FAIL("map " << map_number << ": an outline of " << area.outline.size()
                            << " points crosses itself");
            }
            const auto few = simplified(area.outline, 0.5, 60);
            if (few.size() < 3 || few.size() > 60 || !is_simple(few)) {
                FAIL("map " << map_number << ": simplified to " << few.size() << " points");
            }
        }
    }
}

TEST_CASE("simplifying keeps the shape with few points", "[inference]") {
    std::vector<Point> circle;
    for (int i = 0; i < 1000; ++i) {
        const double angle = 2 * 3.14159265 * i / 1000;
        circle.push_back({50 + 40 * std::cos(angle), 50 + 40 * std::sin(angle)});
    }
    const auto few = simplified(circle, 0.5, 200);
    CHECK(few.size() < 40);
    CHECK(area_of(few) == Approx(area_of(circle)).epsilon(0.03));
    CHECK(simplified(circle, 0.001, 50).size() <= 50);
}

TEST_CASE("a bow tie crosses itself, a square does not", "[inference]") {
    CHECK(is_simple({{0, 0}, {1, 0}, {1, 1}, {0, 1}}));
    CHECK_FALSE(is_simple({{0, 0}, {1, 1}, {1, 0}, {0, 1}}));
    CHECK_FALSE(is_simple({{0, 0}, {1, 0}}));
    CHECK_FALSE(is_simple({{0, 0}, {1, 0}, {2, 0}}));  // no area
}

TEST_CASE("the share of a polygon left of a column is its area there", "[inference]") {
    const std::vector<Point> square{{0, 0}, {10, 0}, {10, 10}, {0, 10}};
    CHECK(share_left_of(square, 3) == Approx(0.3));
    CHECK(share_left_of(square, -1) == Approx(0));
    CHECK(share_left_of(square, 11) == Approx(1));
    const std::vector<Point> triangle{{0, 0}, {10, 0}, {0, 10}};
    CHECK(share_left_of(triangle, 5) == Approx(0.75));
    const std::vector<Point> horseshoe{{0, 0}, {10, 0}, {10, 2},  {2, 2},
                                       {2, 8}, {10, 8}, {10, 10}, {0, 10}};
    CHECK(share_left_of(horseshoe, 5) == Approx((2 * 10 + 3 * 4) / 52.0));
}
