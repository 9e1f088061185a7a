// SPDX-License-Identifier: Apache-2.0
// Pictures of Leptonica, owned. Its headers stay in the .cpp files.
#pragma once

#include <memory>

struct Pix;

namespace bucky::inference {

struct DestroyPix {
    void operator()(Pix* pix) const noexcept;
};
using PixPtr = std::unique_ptr<Pix, DestroyPix>;

/// Owns what a function of Leptonica returned. Throws exhausted when it is none: sizes and depths
/// are checked before, so that only memory can be missing.
PixPtr owned(Pix* pix);

struct PixelBox {  ///< pixels
    int column = 0, row = 0, columns = 0, rows = 0;

    int right() const { return column + columns; }
    int bottom() const { return row + rows; }
    double area() const { return double{1} * columns * rows; }
};

/// The area that both have.
double shared_area(const PixelBox& one, const PixelBox& other);

/// A copy of the pixels in `box`, which must lie within.
PixPtr clipped(Pix* pix, const PixelBox& box);

}  // namespace bucky::inference
