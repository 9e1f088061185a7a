// SPDX-License-Identifier: Apache-2.0
// From millimetres of tissue to a picture: attenuation, scatter, display curve, quantum noise.
#pragma once

#include <vector>

#include "tools/phantom/canvas.h"
#include "tools/phantom/recipe.h"

namespace bucky::phantom {

/// Exposes `tissue` (mm of water on the working grid) and renders it at the size of the recipe.
///   out  rows x columns, row-major, 0 = black .. 1 = white
std::vector<float> expose(const Layer& tissue, const Recipe& recipe);

}  // namespace bucky::phantom
