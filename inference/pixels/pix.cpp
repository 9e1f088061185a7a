// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/pix.h"

#include <algorithm>

#include <leptonica/allheaders.h>

#include "conf/base/error.h"

namespace bucky::inference {
namespace {

struct DestroyBox {
    void operator()(::Box* box) const noexcept { boxDestroy(&box); }
};

}  // namespace

void DestroyPix::operator()(Pix* pix) const noexcept {
    pixDestroy(&pix);
}

PixPtr owned(Pix* pix) {
    if (pix == nullptr) throw Error(Fault::exhausted, "no memory to search an image for text");
    return PixPtr{pix};
}

double shared_area(const PixelBox& one, const PixelBox& other) {
    const int columns = std::min(one.right(), other.right()) - std::max(one.column, other.column);
    const int rows = std::min(one.bottom(), other.bottom()) - std::max(one.row, other.row);
    return columns <= 0 || rows <= 0 ? 0 : double{1} * columns * rows;
}

PixPtr clipped(Pix* pix, const PixelBox& box) {
    const std::unique_ptr<::Box, DestroyBox> part{
        boxCreate(box.column, box.row, box.columns, box.rows)};
    return owned(pixClipRectangle(pix, part.get(), nullptr));
}

}  // namespace bucky::inference
