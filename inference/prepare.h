// SPDX-License-Identifier: Apache-2.0
// prepare: from a decoded image to what a package's model was trained on. Any thread.
//
// The order, for a target of W x H and an image of C columns and R rows:
//   1  v(pixel): the display value 0..1 (values = "display", grey.h) or the modality value
//   2  letterbox: where W R <= H C the content is w = W, h = max(1, floor(R W / C + 1/2)), else
//      h = H, w = max(1, floor(C H / R + 1/2)); stretch: w = W, h = H
//   3  resampled to w x h ("area" or "bilinear": resample.h says the formulas)
//   4  put at column floor((W - w) / 2), row floor((H - h) / 2); the rest is 0 (display) or the
//      smallest modality value of the image
//   5  display only: range_low + v (range_high - range_low)
//   6  the same for each channel c, as (v - mean[c]) / std[c]
#pragma once

#include <cstdint>
#include <string>

#include "inference/findings.h"
#include "inference/image.h"
#include "inference/model.h"
#include "inference/package.h"

namespace bucky::inference {

/// Where the image lies in the model's input.
struct Placement {
    std::uint32_t input_rows = 0, input_columns = 0;      ///< H, W
    std::uint32_t offset_row = 0, offset_column = 0;      ///< of the content
    std::uint32_t content_rows = 0, content_columns = 0;  ///< h, w
    std::uint32_t image_rows = 0, image_columns = 0;      ///< R, C

    /// A point of the input (0 0 is the corner of its first pixel) in the image's coordinates.
    Point to_image(Point input) const {
        return {(input.column - offset_column) * image_columns / content_columns,
                (input.row - offset_row) * image_rows / content_rows};
    }
};

struct Prepared {
    ModelInput input;
    Placement placement;
    std::string window;  ///< how it was windowed, for people
};

/// in   a decoded image; what the package asks for
/// out  float32 [channels, H, W] and where the image lies in it
/// err  none
/// src  the six steps above; PS3.3 C.11 for the first
Prepared prepare(const Image& image, const InputSpec& spec);

}  // namespace bucky::inference
