// SPDX-License-Identifier: Apache-2.0
// prepare: from a decoded image to the input that a package's model was trained on. Any thread.
//
// The order, for a target of W x H and an image of C columns and R rows. `a` is the height of a
// pixel over its width, 1 for most devices:
//   1  v(pixel): range_low + display value * (range_high - range_low), where the display value is
//      0..1 (values = "display", grey.h); or the modality value. Pixel Padding and pixels that a
//      display shutter hides become range_low (display) or the smallest modality value of the rest
//   2  the part that is used: the whole image; or, for fit = "crop", the largest part of shape
//      W : H in the middle. If C H <= R a W: c = C, r = floor(C H / (a W)); else r = R,
//      c = floor(R a W / H) (both at least 1). It begins at column floor(C / 2) - floor(c / 2), row
//      floor(R / 2) - floor(r / 2). For a square and a = 1 this is TorchXRayVision's
//      XRayCenterCrop
//   3  the content. letterbox: if W R a <= H C: w = W, h = max(1, floor(R a W / C + 1/2)); else
//      h = H, w = max(1, floor(C H / (R a) + 1/2)). stretch and crop: w = W, h = H
//   4  resampled to w x h ("area", "bilinear" or "triangle": resample.h has the formulas)
//   5  placed at column floor((W - w) / 2), row floor((H - h) / 2); the rest is filled like padding
//   6  copied for each channel c, as (v - mean[c]) / std[c]
#pragma once

#include <cstdint>
#include <string>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/pixels/image.h"
#include "inference/run/model.h"

namespace bucky::inference {

/// The position of the image in the model's input.
struct Placement {
    std::uint32_t input_rows = 0, input_columns = 0;      ///< H, W
    std::uint32_t offset_row = 0, offset_column = 0;      ///< where the content begins
    std::uint32_t content_rows = 0, content_columns = 0;  ///< h, w
    std::uint32_t image_rows = 0, image_columns = 0;      ///< R, C
    std::uint32_t part_row = 0, part_column = 0;  ///< where the used part begins, in the image
    std::uint32_t part_rows = 0, part_columns = 0;

    /// Converts a point of the input (0 0 is the corner of its first pixel) to image coordinates.
    Point to_image(Point input) const {
        return {part_column + (input.column - offset_column) * part_columns / content_columns,
                part_row + (input.row - offset_row) * part_rows / content_rows};
    }
};

struct Prepared {
    ModelInput input;
    Placement placement;
    std::string window;  ///< the window and the crop, for people
};

/// The part of an image of this shape that the package uses, and its position in the input.
Placement place(std::uint32_t rows, std::uint32_t columns, double pixel_ratio,
                const InputSpec& spec);

/// in   a decoded image; the input that the package wants
/// out  float32 [channels, H, W] and the position of the image in it
/// err  none
/// src  the six steps above; PS3.3 C.11 for the first
Prepared prepare(const Image& image, const InputSpec& spec);

}  // namespace bucky::inference
