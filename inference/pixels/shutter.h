// SPDX-License-Identifier: Apache-2.0
// Display shutter: what the sender's own header says is not to be looked at, collimator leaves for
// the most part. It is black in the picture and no anatomy to the model.
#pragma once

#include <cstdint>
#include <vector>

class DcmItem;

namespace bucky::inference {

/// in   a dataset; its rows and columns; the height of a pixel over its width
/// out  for each pixel, row-major, 1 where a shutter hides it; empty when there is none. Several
///      shapes show what all of them show. A shape that is incomplete, or would hide everything,
///      counts as not there
/// src  PS3.3 C.7.6.11 (rectangular, circular, polygonal). Bitmap shutters (C.7.6.15) belong to
///      presentation states
std::vector<std::uint8_t> read_shutter(DcmItem& dataset, std::uint32_t rows, std::uint32_t columns,
                                       double pixel_ratio);

}  // namespace bucky::inference
