// SPDX-License-Identifier: Apache-2.0
// PixelLayout: the layout of samples in memory, from the Image Pixel module, checked against our
// limits. No memory is allocated for an image before its layout has been read.
#pragma once

#include <cstdint>

class DcmItem;

namespace bucky::inference {

/// PS3.5 8.1.1. Rows, columns and bits are within conf/base/limits.h and consistent.
struct PixelLayout {
    std::uint32_t rows = 0, columns = 0;
    std::uint16_t allocated = 0, stored = 0, high_bit = 0;  ///< allocated: 8 or 16
    bool is_signed = false;
    std::uint32_t frames = 1;

    std::uint64_t pixels() const { return std::uint64_t{rows} * columns; }  ///< of one frame
    std::uint64_t bytes() const { return pixels() * (allocated / 8U); }
};

/// in   a dataset
/// out  its layout
/// err  bad_input when an attribute is missing or contradicts another; unsupported for colour,
///      PALETTE COLOR, 1 and 32 bits, and sides or pixels over the limits
/// src  PS3.3 C.7.6.3
PixelLayout read_pixel_layout(DcmItem& dataset);

}  // namespace bucky::inference
