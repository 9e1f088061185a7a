// SPDX-License-Identifier: Apache-2.0
// A Segmentation: the outlines as areas, one segment a lesion, in the pixels of the image. A
// segment has the tracking UID of its lesion in the report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// Whether the image has an outline. Without one there is no segmentation to make.
bool has_outlines(const Answers& image);

/// in   the answers to an image, with at least one outline
/// out  a Segmentation, BINARY, one frame and one segment an outline, which names its algorithm.
///      Same image and models, same UIDs
/// err  bug when there is no outline, or the image has no size
/// src  PS3.3 A.51, C.8.20, C.7.6.16
Object segmentation(const Answers& image, Language language, std::string_view software_version);

/// in   an outline, the size of the image
/// out  one byte a pixel: 1 where the centre of the pixel lies inside (even-odd rule)
std::vector<std::uint8_t> filled(const std::vector<inference::Point>& outline, std::uint32_t rows,
                                 std::uint32_t columns);

}  // namespace bucky::dicom_sr
