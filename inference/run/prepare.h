// SPDX-License-Identifier: Apache-2.0
// prepare: from a decoded image to what a package's model was trained on. Any thread.
//
// The order, for a target of W x H and an image of C columns and R rows whose pixels are a times as
// high as wide (a is 1 but for few devices):
//   1  v(pixel): range_low + display value (range_high - range_low), the display value being 0..1
//      (values = "display", grey.h); or the modality value. Pixel Padding, and what a display
//      shutter hides, is range_low (display) or the smallest modality value of the rest
//   2  the part that is looked at: all of it; or, for fit = "crop", the largest of W : H in the
//      middle: where C H <= R a W it has c = C, r = floor(C H / (a W)), else r = R,
//      c = floor(R a W / H) (both at least 1), from column floor(C / 2) - floor(c / 2) and row
//      floor(R / 2) - floor(r / 2). For a square and a = 1: TorchXRayVision's XRayCenterCrop
//   3  letterbox: where W R a <= H C the content is w = W, h = max(1, floor(R a W / C + 1/2)), else
//      h = H, w = max(1, floor(C H / (R a) + 1/2)); stretch and crop: w = W, h = H
//   4  resampled to w x h ("area", "bilinear" or "triangle": resample.h says the formulas)
//   5  put at column floor((W - w) / 2), row floor((H - h) / 2); the rest is as padding in 1
//   6  the same for each channel c, as (v - mean[c]) / std[c]
#pragma once

#include <cstdint>
#include <string>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/pixels/image.h"
#include "inference/run/model.h"

namespace bucky::inference {

/// Where the image lies in the model's input.
struct Placement {
    std::uint32_t input_rows = 0, input_columns = 0;      ///< H, W
    std::uint32_t offset_row = 0, offset_column = 0;      ///< of the content
    std::uint32_t content_rows = 0, content_columns = 0;  ///< h, w
    std::uint32_t image_rows = 0, image_columns = 0;      ///< R, C
    std::uint32_t part_row = 0, part_column = 0;          ///< of what is looked at, in the image
    std::uint32_t part_rows = 0, part_columns = 0;

    /// A point of the input (0 0 is the corner of its first pixel) in the image's coordinates.
    Point to_image(Point input) const {
        return {part_column + (input.column - offset_column) * part_columns / content_columns,
                part_row + (input.row - offset_row) * part_rows / content_rows};
    }
};

struct Prepared {
    ModelInput input;
    Placement placement;
    std::string window;  ///< how it was windowed and cut, for people
};

/// The part of an image of that shape which the package looks at, and where it lies in the input.
Placement place(std::uint32_t rows, std::uint32_t columns, double pixel_ratio,
                const InputSpec& spec);

/// in   a decoded image; what the package asks for
/// out  float32 [channels, H, W] and where the image lies in it
/// err  none
/// src  the six steps above; PS3.3 C.11 for the first
Prepared prepare(const Image& image, const InputSpec& spec);

}  // namespace bucky::inference
