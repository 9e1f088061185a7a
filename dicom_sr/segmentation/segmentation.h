// SPDX-License-Identifier: Apache-2.0
// The outlines as areas: a Segmentation with one segment a lesion, in the image's own pixels. Each
// segment has the tracking UID that the lesion has in the report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// Whether anything of the image is outlined: else there is no segmentation to make.
bool has_outlines(const inference::ImageResult& result);

/// in   an analysed image with at least one outline
/// out  a Segmentation (1.2.840.10008.5.1.4.1.1.66.4), BINARY, a frame and a segment an outline;
///      same image and model, same UIDs
/// err  bug when there is no outline, or the image has no size
/// src  PS3.3 A.51, C.8.20, C.7.6.16
Object segmentation(const ReportedImage& image, std::string_view language,
                    std::string_view software_version);

/// in   an outline, the size of the image
/// out  one byte a pixel, 1 where the pixel's centre lies inside (even-odd rule)
std::vector<std::uint8_t> filled(const std::vector<inference::Point>& outline, std::uint32_t rows,
                                 std::uint32_t columns);

}  // namespace bucky::dicom_sr
