// SPDX-License-Identifier: Apache-2.0
// The picture: a Secondary Capture (RGB) of one analysed image with the outlines, names and scores
// drawn in. The only result that every viewer shows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "conf/base/fallbacks.h"
#include "dicom_sr/object.h"

namespace bucky::dicom_sr {

/// The image as a viewer windows it: 8 bits, row-major.
struct GreyView {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::span<const std::uint8_t> pixels;
    double pixel_ratio = 1;  ///< height of a pixel over its width: the drawing's are square
};

/// What shows where a finding is. Without heat there are outlines in any case.
enum class Marking { outline, heatmap, both };
Marking marking_of(std::string_view word);  ///< "outline", "heatmap", else both

struct OverlayStyle {
    std::string language = "en";       ///< "en" or "ko"
    std::uint32_t longer_side = 2048;  ///< of the drawn image, pixels; small ones grow at most 2 x
    std::string software_version;
    Uid sop_class{kPictureClasses.front()};  ///< one of kPictureClasses
    Marking marking = Marking::outline;
};

/// An RGB picture before it becomes DICOM: what `bucky analyze` and the demo write as PNG.
struct Drawing {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::vector<std::uint8_t> rgb;  ///< row-major, 3 bytes a pixel
};

Drawing draw_overlay(const ReportedImage& image, const GreyView& view, const OverlayStyle& style);

/// in   a drawing of `image`
/// out  Secondary Capture Image (1.2.840.10008.5.1.4.1.1.7), RGB, Explicit VR Little Endian; or,
///      where the style asks for it, the same in grey as a derived CR image. Same image, model,
///      class and rendering, same UIDs
/// src  PS3.3 A.8.1, C.8.6; A.2, C.8.1
Object secondary_capture(const ReportedImage& image, const Drawing& drawing,
                         const OverlayStyle& style);

std::vector<std::uint8_t> to_png(const Drawing& drawing);

}  // namespace bucky::dicom_sr
