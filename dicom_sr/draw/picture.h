// SPDX-License-Identifier: Apache-2.0
// The input and the output of drawing, before they become DICOM: the image as a viewer shows it,
// the style that was asked for, and the drawing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "conf/base/ids.h"
#include "conf/dicom/result_kinds.h"

namespace bucky::dicom_sr {

/// Rows and columns of a picture, in pixels.
struct Size {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    bool operator==(const Size&) const = default;
};

/// The image as a viewer windows it: 8 bits, row-major.
struct GreyView {
    std::uint32_t rows = 0;  ///< of the image
    std::uint32_t columns = 0;
    std::span<const std::uint8_t> pixels;
    double pixel_ratio = 1;  ///< height of a pixel over its width; those of a drawing are square
    Size reduced{};          ///< of `pixels`, which are square then; 0 x 0: they are the image's

    Size size() const { return reduced == Size{} ? Size{rows, columns} : reduced; }
};

/// Drawn pixels for a pixel of an image whose longer side has so many: small ones grow at most 2 x.
double drawn_scale(double longer, std::uint32_t longer_side);

/// The size at which an image is drawn with this longer side.
Size drawn_size(std::uint32_t rows, std::uint32_t columns, double pixel_ratio,
                std::uint32_t longer_side);

struct OverlayStyle {
    Language language = Language::english;
    std::uint32_t longer_side = 1280;  ///< of the drawn image, pixels; small ones grow at most 2 x
    std::string software_version;
    Uid sop_class{kPictureClasses.front()};  ///< one of kPictureClasses
    Marking marking = Marking::outline;
};

/// An RGB picture before it becomes DICOM: what `bucky analyze` and the demo write as PNG.
struct Drawing {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::vector<std::uint8_t> rgb;  ///< row-major, 3 bytes a pixel
    bool has_tint = false;          ///< colours over greys: more than a palette has
};

std::vector<std::uint8_t> to_png(const Drawing& drawing);

}  // namespace bucky::dicom_sr
