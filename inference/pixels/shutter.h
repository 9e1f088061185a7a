// SPDX-License-Identifier: Apache-2.0
// Display shutter: the part of an image that its header hides, mostly collimator leaves. It is
// black in the picture, and the model does not see it.
#pragma once

#include <cstdint>
#include <vector>

class DcmItem;

namespace bucky::inference {

/// in   a dataset; its rows and columns; the height of a pixel over its width
/// out  1 for each pixel that a shutter hides, row-major; empty when there is none. Several shapes
///      show what all of them show. A shape that is incomplete, or that would hide everything, is
///      ignored
/// src  PS3.3 C.7.6.11 (rectangular, circular, polygonal). Bitmap shutters (C.7.6.15) belong to
///      presentation states
std::vector<std::uint8_t> read_shutter(DcmItem& dataset, std::uint32_t rows, std::uint32_t columns,
                                       double pixel_ratio);

}  // namespace bucky::inference
