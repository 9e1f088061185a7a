// SPDX-License-Identifier: Apache-2.0
// Softcopy: how the stored values of an image are converted to grey levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bucky::dicom_sr {

/// The grey transformations of PS3.4 N.2, as a presentation state holds them.
struct Softcopy {
    struct Table {
        int first = 0;  ///< the input that is mapped to the first entry
        unsigned bits = 16;
        std::vector<std::uint16_t> entries;
    };
    std::optional<Table> modality_lut;  ///< replaces slope and intercept
    double slope = 1;
    double intercept = 0;
    std::optional<Table> voi_lut;  ///< replaces the window
    double window_center = 0;
    double window_width = 1;
    std::string function;  ///< VOI LUT Function (0028,1056); empty is LINEAR
    bool inverse = false;  ///< the smallest output is white: MONOCHROME1
};

}  // namespace bucky::dicom_sr
