// SPDX-License-Identifier: Apache-2.0
// Recipe: everything that decides how one phantom radiograph looks.
//
// The same recipe gives the same pixels. The seed alone decides the patient, so a seed gives the
// same patient at every size, exposure and choice of lesions. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bucky::phantom {

/// The findings that can be drawn, in the order of the model's outputs.
enum class Finding { nodule, tuberculosis, pneumothorax, pneumonia };

inline constexpr std::array kFindings{Finding::nodule, Finding::tuberculosis, Finding::pneumothorax,
                                      Finding::pneumonia};

constexpr std::string_view key(Finding finding) {
    switch (finding) {
        case Finding::nodule: return "nodule";
        case Finding::tuberculosis: return "tuberculosis";
        case Finding::pneumothorax: return "pneumothorax";
        case Finding::pneumonia: return "pneumonia";
    }
    __builtin_unreachable();
}

/// nullopt when no finding has that key.
std::optional<Finding> finding_of(std::string_view key);

struct Recipe {
    std::uint64_t seed = 0;
    int rows = 512;
    int columns = 512;
    double field_mm = 390;         // field of view: square root of width times height
    double rotation_deg = 0;       // of the patient, clockwise in the image
    double shift_x_mm = 0;         // to the right of the image
    double shift_y_mm = 0;         // downwards
    double brightness = 0;         // added to the display value, about -0.1 .. 0.1
    double contrast = 1;           // slope of the display curve
    double noise = 1;              // 1: an ordinary dose
    double scatter = 0.35;         // scattered over primary radiation behind the grid
    bool collimated = false;       // a border of the field is blocked
    bool marker = false;           // a lead letter R or L
    std::vector<Finding> lesions;  // one lesion for each entry
};

/// A random patient and exposure: about four in ten are healthy, the others have one to three
/// lesions, possibly of several kinds.
Recipe random_recipe(std::uint64_t seed, int rows, int columns);

/// The same patient and exposure with exactly these lesions.
Recipe random_recipe(std::uint64_t seed, int rows, int columns, std::vector<Finding> lesions);

}  // namespace bucky::phantom
