// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/label_layout.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

using namespace bucky::dicom_sr;

namespace {

Outline circle(double column, double row, double radius) {
    Outline outline;
    for (int i = 0; i < 20; ++i) {
        const double angle = 2 * M_PI * i / 20;
        outline.push_back({column + radius * std::cos(angle), row + radius * std::sin(angle)});
    }
    return outline;
}

bool within(const Rect& box, const Extent& picture) {
    return box.x >= 0 && box.y >= 0 && box.x + box.width <= picture.width &&
           box.y + box.height <= picture.height;
}

/// Whether any point of the box is inside the outline; sampled, independently of the code under
/// test.
bool covers(const Rect& box, const Outline& outline) {
    for (double y = box.y; y <= box.y + box.height; y += 2) {
        for (double x = box.x; x <= box.x + box.width; x += 2) {
            double turns = 0;  // winding number
            for (std::size_t i = 0; i < outline.size(); ++i) {
                const auto& a = outline[i];
                const auto& b = outline[(i + 1) % outline.size()];
                turns += std::atan2((a.column - x) * (b.row - y) - (b.column - x) * (a.row - y),
                                    (a.column - x) * (b.column - x) + (a.row - y) * (b.row - y));
            }
            if (std::abs(turns) > 1) return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("no label ever covers a lesion, another label or leaves the picture", "[dicom_sr]") {
    std::mt19937 random(7);
    const auto number = [&](double low, double high) {
        return std::uniform_real_distribution<double>(low, high)(random);
    };
    int placed_in_all = 0;
    for (int round = 0; round < 60; ++round) {
        const Extent picture{number(300, 900), number(300, 900)};
        std::vector<Outline> outlines;
        for (int i = 0; i < 1 + round % 6; ++i) {
            outlines.push_back(circle(number(0, picture.width), number(0, picture.height),
                                      number(5, picture.width / 4)));
        }
        std::vector<Label> labels;
        for (const Outline& outline : outlines) labels.push_back({&outline, {number(60, 180), 20}});
        const auto placed = place_labels(outlines, labels, picture, 6);
        REQUIRE(placed.size() == labels.size());
        for (std::size_t i = 0; i < placed.size(); ++i) {
            if (!placed[i]) continue;
            ++placed_in_all;
            CHECK(within(placed[i]->box, picture));
            for (const Outline& outline : outlines) CHECK_FALSE(covers(placed[i]->box, outline));
            for (std::size_t k = 0; k < i; ++k) {
                if (placed[k]) CHECK_FALSE(overlap(placed[i]->box, placed[k]->box));
            }
        }
    }
    CHECK(placed_in_all > 150);  // of 210: most labels find a position
}

TEST_CASE("a label is beside its lesion if there is space", "[dicom_sr]") {
    const std::vector<Outline> outlines{circle(400, 400, 50)};
    const std::vector<Label> labels{{&outlines[0], {100, 20}}};
    const auto placed = place_labels(outlines, labels, {800, 800}, 6);
    REQUIRE(placed[0]);
    CHECK_FALSE(placed[0]->pointer);
    CHECK(std::hypot(placed[0]->box.x + 50 - 400, placed[0]->box.y + 10 - 400) < 130);
}

TEST_CASE("a label far from its lesion points to it, and its line crosses no other lesion",
          "[dicom_sr]") {
    // The small one is inside the large one: its label must be outside both.
    const std::vector<Outline> outlines{circle(400, 400, 200), circle(420, 380, 30)};
    const std::vector<Label> labels{{&outlines[1], {100, 20}}};
    const auto placed = place_labels(outlines, labels, {800, 800}, 6);
    REQUIRE(placed[0]);
    CHECK(placed[0]->pointer);
}

TEST_CASE("a lesion without free space has no label", "[dicom_sr]") {
    const std::vector<Outline> outlines{Outline{{0, 0}, {300, 0}, {300, 300}, {0, 300}}};
    const std::vector<Label> labels{{&outlines[0], {100, 20}}};
    CHECK_FALSE(place_labels(outlines, labels, {300, 300}, 6)[0]);
    const std::vector<Label> too_wide{{&outlines[0], {400, 20}}};
    CHECK_FALSE(place_labels({}, too_wide, {300, 300}, 6)[0]);
}
