// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/recipe.h"

#include <algorithm>
#include <utility>

#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

std::vector<Finding> random_lesions(std::uint64_t seed) {
    Random random{seed, "lesions"};
    std::vector<Finding> lesions;
    if (random.chance(0.4)) return lesions;
    const double roll = random.uniform(0, 1);
    const int wanted = roll < 0.55 ? 1 : roll < 0.85 ? 2 : 3;
    for (int i = 0; i < wanted; ++i) {
        const auto finding = kFindings[static_cast<std::size_t>(random.integer(0, 3))];
        // Two nodules in one chest are common. Two lesions of another kind would mostly lie in the
        // same place.
        const bool again = std::find(lesions.begin(), lesions.end(), finding) != lesions.end();
        if (!again || finding == Finding::nodule) lesions.push_back(finding);
    }
    return lesions;
}

}  // namespace

std::optional<Finding> finding_of(std::string_view wanted) {
    for (const Finding finding : kFindings) {
        if (key(finding) == wanted) return finding;
    }
    return std::nullopt;
}

Recipe random_recipe(std::uint64_t seed, int rows, int columns, std::vector<Finding> lesions) {
    Random random{seed, "exposure"};
    Recipe recipe;
    recipe.seed = seed;
    recipe.rows = rows;
    recipe.columns = columns;
    recipe.field_mm = random.uniform(335, 400);
    recipe.rotation_deg = std::clamp(random.normal(0, 1.6), -5.0, 5.0);
    recipe.shift_x_mm = std::clamp(random.normal(0, 6), -16.0, 16.0);
    recipe.shift_y_mm = std::clamp(random.normal(0, 7), -18.0, 18.0);
    recipe.brightness = std::clamp(random.normal(0, 0.035), -0.1, 0.1);
    recipe.contrast = random.uniform(0.85, 1.2);
    recipe.noise = random.uniform(0.5, 1.8);
    recipe.scatter = random.uniform(0.1, 0.35);
    recipe.collimated = random.chance(0.25);
    recipe.marker = random.chance(0.5);
    recipe.lesions = std::move(lesions);
    return recipe;
}

Recipe random_recipe(std::uint64_t seed, int rows, int columns) {
    return random_recipe(seed, rows, columns, random_lesions(seed));
}

}  // namespace bucky::phantom
