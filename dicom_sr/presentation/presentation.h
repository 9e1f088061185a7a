// SPDX-License-Identifier: Apache-2.0
// The outlines and names on the original image: a Grayscale Softcopy Presentation State, whose
// layers a viewer switches on and off. Nothing of the image is copied; it is shown as the picture
// shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// How stored values become grey (PS3.4 N.2): what a presentation state says instead of the image.
struct Softcopy {
    struct Table {
        int first = 0;  ///< the input that is mapped to the first entry
        unsigned bits = 16;
        std::vector<std::uint16_t> entries;
    };
    std::optional<Table> modality_lut;  ///< when there, slope and intercept are not used
    double slope = 1;
    double intercept = 0;
    std::optional<Table> voi_lut;  ///< when there, the window is not used
    double window_center = 0;
    double window_width = 1;
    std::string function;  ///< VOI LUT Function (0028,1056); empty is LINEAR
    bool inverse = false;  ///< the smallest output is white: MONOCHROME1
};

struct PresentationStyle {
    std::string language = "en";  ///< "en" or "ko"
    std::string software_version;
};

/// in   an analysed image and how it becomes grey
/// out  a Grayscale Softcopy Presentation State (1.2.840.10008.5.1.4.1.1.11.1): one layer a
/// finding,
///      each outline a closed POLYLINE with its name beside it, and a layer "BUCKY" that names the
///      verdict, the model, and that it is no reading; same image and model, same UIDs
/// err  bug when the image was not analysed or has no size
/// src  PS3.3 A.33.1, C.11.10, C.10.4, C.10.5, C.10.7, C.11.1, C.11.8, C.11.6
Object presentation_state(const ReportedImage& image, const Softcopy& grey,
                          const PresentationStyle& style);

}  // namespace bucky::dicom_sr
