// SPDX-License-Identifier: Apache-2.0
// Resampling of a frame whose pixels are mapped by a table: directly from bit patterns to a small
// float picture, without a float copy of the large one.
//
// A model must get the input that it was trained on, so each rule is given as a formula. With n
// pixels in, m out, and s = n / m, along each axis separately (the order does not matter):
//
//   area      out[i] = (1 / s) * integral of in over [i s, (i + 1) s), where in is constant over
//             each pixel [j, j + 1): an exact box filter, the mean of what the output pixel covers.
//             Enlarging (s < 1) follows the same formula.
//   bilinear  x = max((i + 0.5) s - 0.5, 0), j = min(floor(x), n - 1), f = x - j,
//             out[i] = (1 - f) in[j] + f in[min(j + 1, n - 1)]. No smoothing before shrinking:
//             PyTorch's interpolate(mode="bilinear", align_corners=False, antialias=False).
//   triangle  c = (i + 0.5) s, r = max(s, 1), j from max(floor(c - r + 0.5), 0) to before
//             min(floor(c + r + 0.5), n), w[j] = max(1 - |j - c + 0.5| / r, 0),
//             out[i] = sum of w[j] in[j] / sum of w[j]. What torchvision's and Pillow's BILINEAR do
//             to a picture: PyTorch's interpolate(mode="bilinear", align_corners=False,
//             antialias=True).
#pragma once

#include <cstdint>
#include <vector>

#include "inference/pixels/image.h"

namespace bucky::inference {

enum class Resample { area, bilinear, triangle };

struct FloatPicture {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::vector<float> values;  ///< row-major
};

/// The part of a frame that is used. rows and columns are not 0.
struct Part {
    std::uint32_t row = 0, column = 0;  ///< its top left pixel
    std::uint32_t rows = 0, columns = 0;
};

/// The value of each pixel: values[its bit pattern], or `background` where it is hidden.
struct PixelValues {
    const std::vector<float>& values;
    const std::vector<std::uint8_t>& hidden;  ///< as Image::hidden
    float background;
};

/// in   a frame, the part to use, the values of its pixels, the output size (neither 0)
/// out  rows x columns values, as the formulas above say
/// err  none
/// src  above
FloatPicture resample(const Frame& frame, const Part& part, const PixelValues& pixels,
                      std::uint32_t rows, std::uint32_t columns, Resample how);

/// The whole frame, with nothing hidden.
FloatPicture resample(const Frame& frame, const std::vector<float>& values, std::uint32_t rows,
                      std::uint32_t columns, Resample how);

}  // namespace bucky::inference
