// SPDX-License-Identifier: Apache-2.0
// Thumbnail: an image of the study, small, for a page that shows several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dicom_sr/common/answers.h"
#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

inline constexpr std::uint32_t kThumbnailSide = 320;  ///< longer side, pixels
inline constexpr std::size_t kThumbnailsMax = 12;     ///< of a page; a report lists every image

/// Without pixels where there are none to show.
struct Thumbnail {
    Answers image;
    std::uint32_t rows = 0, columns = 0;
    std::vector<std::uint8_t> grey;
};

/// `view` at the size of a thumbnail.
Thumbnail thumbnail(const Answers& image, const GreyView& view);

}  // namespace bucky::dicom_sr
