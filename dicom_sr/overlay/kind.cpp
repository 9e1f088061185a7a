// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include <algorithm>

#include "dicom_sr/draw/check_picture.h"
#include "dicom_sr/overlay/overlay.h"

namespace bucky::dicom_sr {
namespace {

constexpr double kWithPanel = 1.6;  ///< the words beside or below the image

Object make(const Material& of) {
    const Answers image{of.images};
    return secondary_capture(image, draw_overlay(image, of.shown().view, of.style), of.style);
}

/// The image at this size, or enlarged twice, with its panel.
double pixels_drawn(const Source& source, double longer_side_px) {
    const double longer = std::max(source.rows, source.columns);
    if (longer == 0) return longer_side_px * longer_side_px;
    const double scale = std::min(longer_side_px / longer, 2.0);
    return kWithPanel * scale * scale * source.rows * source.columns;
}

}  // namespace

template <>
KindParts parts<ResultKind::overlay>() {
    return {.make = make, .check = check_picture, .applies = always, .pixels_drawn = pixels_drawn};
}

}  // namespace bucky::dicom_sr
