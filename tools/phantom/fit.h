// SPDX-License-Identifier: Apache-2.0
// Shrinks an image into a square as a model package with resample = "area" and fit = "letterbox"
// requires: each output pixel is the mean of the source area that it covers, the longer side fills
// the square, the rest is 0. Pure.
#pragma once

#include <vector>

namespace bucky::phantom {

/// `pixels` is rows x columns, row-major; the result is side x side.
std::vector<float> fit(const std::vector<float>& pixels, int rows, int columns, int side);

}  // namespace bucky::phantom
