// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/draw.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <numeric>

#include "conf/base/error.h"
#include "tools/phantom/anatomy.h"
#include "tools/phantom/fit.h"

using namespace bucky;
using namespace bucky::phantom;

namespace {

double mean_within(const Phantom& phantom, const Lesion& lesion) {
    const auto mask = mask_of(lesion, phantom.recipe.rows, phantom.recipe.columns);
    double sum = 0;
    double count = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) {
        if (mask[i] == 0) continue;
        sum += static_cast<double>(phantom.pixels[i]);
        ++count;
    }
    return sum / count;
}

double mean_column(const Lesion& lesion) {
    double sum = 0;
    for (const Point p : lesion.outline) sum += p.column;
    return sum / static_cast<double>(lesion.outline.size());
}

}  // namespace

TEST_CASE("the same recipe gives the same bytes", "[phantom]") {
    const Recipe recipe = random_recipe(42, 300, 280);
    const Phantom first = draw(recipe);
    const Phantom second = draw(recipe);
    REQUIRE(first.pixels.size() == 300U * 280U);
    CHECK(std::memcmp(first.pixels.data(), second.pixels.data(),
                      first.pixels.size() * sizeof(float)) == 0);
    CHECK(first.lesions.size() == second.lesions.size());
    CHECK(draw(random_recipe(43, 300, 280)).pixels != first.pixels);
}

TEST_CASE("the same seed at another size is the same patient", "[phantom]") {
    const Phantom small = draw(random_recipe(7, 512, 512, {Finding::pneumonia}));
    const Phantom large = draw(random_recipe(7, 1536, 1536, {Finding::pneumonia}));
    const auto one = fit(small.pixels, 512, 512, 128);
    const auto other = fit(large.pixels, 1536, 1536, 128);
    double difference = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        difference += static_cast<double>(std::abs(one[i] - other[i]));
    }
    CHECK(difference / static_cast<double>(one.size()) < 0.01);
    REQUIRE(small.lesions.size() == 1);
    REQUIRE(large.lesions.size() == 1);
    CHECK(large.lesions[0].area_px == Approx(9 * small.lesions[0].area_px).epsilon(0.02));
}

TEST_CASE("the side of a lesion is the patient's: right is on the left of the image", "[phantom]") {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Finding finding = kFindings[seed % kFindings.size()];
        const Phantom phantom = draw(random_recipe(seed, 256, 256, {finding}));
        REQUIRE(phantom.lesions.size() == 1);
        const Lesion& lesion = phantom.lesions[0];
        CHECK(lesion.finding == finding);
        const double middle = 128 + phantom.recipe.shift_x_mm / phantom.spacing_mm;
        INFO("seed " << seed << ", column " << mean_column(lesion) << ", middle " << middle);
        CHECK((mean_column(lesion) < middle) == (lesion.side == Side::right));
    }
}

TEST_CASE("outlines are in the lung of their side", "[phantom]") {
    for (std::uint64_t seed = 100; seed < 130; ++seed) {
        const Recipe recipe = random_recipe(seed, 256, 256, {kFindings[seed % 4]});
        const Anatomy anatomy{seed};
        const double angle = recipe.rotation_deg * 3.14159265358979 / 180;
        const View view{.width = 256,
                        .height = 256,
                        .spacing_mm = recipe.field_mm / 256,
                        .cosine = std::cos(angle),
                        .sine = std::sin(angle),
                        .centre = {-recipe.shift_x_mm, -recipe.shift_y_mm}};
        for (const Lesion& lesion : draw(recipe).lesions) {
            for (const Point p : lesion.outline) {
                const Place place = view.to_patient(p.column, p.row);
                INFO("seed " << seed << " at " << place.x << ", " << place.y << " mm");
                CHECK(anatomy.lung_air_mm(lesion.side, place) > 0);
            }
        }
    }
}

TEST_CASE("a lesion changes the picture inside its outline as a real one does", "[phantom]") {
    for (const Finding finding : kFindings) {
        double difference = 0;
        for (std::uint64_t seed = 200; seed < 210; ++seed) {
            Recipe recipe = random_recipe(seed, 320, 320, {finding});
            recipe.noise = 0;
            const Phantom ill = draw(recipe);
            recipe.lesions.clear();
            const Phantom healthy = draw(recipe);
            REQUIRE(ill.lesions.size() == 1);
            difference += mean_within(ill, ill.lesions[0]) - mean_within(healthy, ill.lesions[0]);
        }
        INFO(key(finding) << ": " << difference / 10);
        if (finding == Finding::pneumothorax)
            CHECK(difference / 10 < -0.03);
        else
            CHECK(difference / 10 > 0.03);
    }
}

TEST_CASE("about four phantoms in ten are healthy and the others have one to three lesions",
          "[phantom]") {
    int healthy = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const auto lesions = random_recipe(seed, 512, 512).lesions.size();
        CHECK(lesions <= 3);
        if (lesions == 0) ++healthy;
    }
    CHECK(healthy > 350);
    CHECK(healthy < 450);
}

TEST_CASE("the mask of an outline has the same area as the outline", "[phantom]") {
    const Phantom phantom = draw(random_recipe(11, 700, 600, {Finding::tuberculosis}));
    REQUIRE(phantom.lesions.size() == 1);
    const auto mask = mask_of(phantom.lesions[0], 700, 600);
    const auto area = std::accumulate(mask.begin(), mask.end(), 0.0);
    CHECK(area == Approx(phantom.lesions[0].area_px).epsilon(0.01));
}

TEST_CASE("a phantom of an absurd size is refused", "[phantom]") {
    CHECK_THROWS_AS(draw(random_recipe(1, 0, 512)), Error);
    CHECK_THROWS_AS(draw(random_recipe(1, 512, 60000)), Error);
}

TEST_CASE("shrinking keeps the mean and centres the picture in the square", "[phantom]") {
    std::vector<float> pixels(60 * 90);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 7) / 7;
    const auto square = fit(pixels, 60, 90, 48);  // 32 x 48 in the middle
    const auto sum = std::accumulate(square.begin(), square.end(), 0.0);
    const auto mean = std::accumulate(pixels.begin(), pixels.end(), 0.0) / 5400;
    CHECK(sum / (32 * 48) == Approx(mean).epsilon(1e-4));
    CHECK(square[7 * 48 + 20] == 0);
    CHECK(square[8 * 48 + 20] > 0);
    CHECK(square[40 * 48 + 20] == 0);
}
