// SPDX-License-Identifier: Apache-2.0
// Pictures that are pages of text: the summary of a study, and the notice that an image was not
// analysed. They are drawn like the panel of the overlay, in its language.
#pragma once

#include <span>
#include <vector>

#include "dicom_sr/common/object.h"
#include "dicom_sr/draw/picture.h"
#include "dicom_sr/draw/thumbnail.h"

namespace bucky::dicom_sr {

/// in   the images of the study, in the order of the report; those beyond kThumbnailsMax are
/// counted out  a page: each image small with its outlines, beside it its panel err  bug when there
/// is no image
Drawing draw_summary(std::span<const Thumbnail> images, const OverlayStyle& style);

/// The page as a Secondary Capture whose sources are all of `images`.
Object summary_capture(const std::vector<ReportedImage>& images, const Drawing& drawing,
                       const OverlayStyle& style);

/// in   an image that was not analysed, or failed
/// out  a small page that says so, with the reason
Drawing draw_notice(const Answers& image, const OverlayStyle& style);
Object notice_capture(const Answers& image, const Drawing& drawing, const OverlayStyle& style);

}  // namespace bucky::dicom_sr
