// SPDX-License-Identifier: Apache-2.0
// The places of the names: beside their outline, and never over a lesion, over another name or
// outside the picture. Geometry only; it draws nothing.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "dicom_sr/draw/canvas.h"

namespace bucky::dicom_sr {

using Outline = std::vector<inference::Point>;

struct Label {
    const Outline* outline = nullptr;  ///< what it names; in the picture's pixels
    Extent size;
};

struct PlacedLabel {
    Rect box;
    std::optional<inference::Point>
        pointer;                     ///< its end on the outline, when the box is not beside it
    inference::Point pointer_start;  ///< its end on the box
};

/// in   the outlines in the picture (all of them, named or not), the labels in order of importance,
///      the picture's size, and the distance to keep
/// out  one place a label; nothing for a label that fits nowhere: only the legend names it
std::vector<std::optional<PlacedLabel>> place_labels(std::span<const Outline> outlines,
                                                     std::span<const Label> labels,
                                                     const Extent& picture, double gap);

bool overlap(const Rect& box, const Rect& other);
bool overlap(const Rect& box, const Outline& outline);  ///< the outline's inside counts

}  // namespace bucky::dicom_sr
