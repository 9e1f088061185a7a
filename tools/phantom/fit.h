// SPDX-License-Identifier: Apache-2.0
// Shrinks an image into a square the way a model package with resample = "area" and
// fit = "letterbox" asks for: each output pixel is the mean of the source area it covers, the
// longer side fills the square, the rest is 0. Pure.
#pragma once

#include <vector>

namespace bucky::phantom {

/// `pixels` is rows x columns, row-major; the answer side x side.
std::vector<float> fit(const std::vector<float>& pixels, int rows, int columns, int side);

}  // namespace bucky::phantom
