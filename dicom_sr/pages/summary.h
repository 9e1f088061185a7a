// SPDX-License-Identifier: Apache-2.0
// Pictures that are pages of words: the summary of a study, and the notice that an image was not
// analysed. Drawn as the panel of the overlay is, in its language.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dicom_sr/common/object.h"
#include "dicom_sr/draw/picture.h"

namespace bucky::dicom_sr {

inline constexpr std::uint32_t kThumbnailSide = 320;  ///< longer side, pixels
inline constexpr std::size_t kSummaryImagesMax = 12;  ///< the report names the others

/// One image of the study, small; without pixels when there are none to show.
struct SummaryImage {
    const ReportedImage* image = nullptr;
    std::uint32_t rows = 0, columns = 0;
    std::vector<std::uint8_t> grey;
};

/// `view` at the size of a thumbnail.
SummaryImage thumbnail(const ReportedImage& image, const GreyView& view);

/// in   every image of the study, in the order of the report
/// out  a page: each image small with its outlines, beside it its panel
/// err  bug when there is no image
Drawing draw_summary(std::span<const SummaryImage> images, const OverlayStyle& style);

/// The page as a Secondary Capture whose sources are all of `images`.
Object summary_capture(const std::vector<ReportedImage>& images, const Drawing& drawing,
                       const OverlayStyle& style);

/// in   an image that was not analysed, or failed
/// out  a small page that says so and why
Drawing draw_notice(const ReportedImage& image, const OverlayStyle& style);
Object notice_capture(const ReportedImage& image, const Drawing& drawing,
                      const OverlayStyle& style);

}  // namespace bucky::dicom_sr
