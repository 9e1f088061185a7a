// SPDX-License-Identifier: Apache-2.0
// Stored bits: which bits of a cell are the stored value, and whether it is signed.
//
// A header says it (Bits Stored, High Bit, Pixel Representation), and not every header is right. A
// radiograph is smooth: read by the wrong bits or the wrong sign its values wrap around, and
// neighbours jump. Where the cells contradict the header, the smoothest reading is the one that
// they prove. Steps are measured on 24 rows, so a few odd pixels change nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inference/pixels/image.h"
#include "inference/pixels/pixel_layout.h"

namespace bucky::inference {

/// Decoded cells of the first frame, before the stored bits are taken out of them.
struct SampledCells {
    std::vector<std::uint16_t> values;  ///< row-major
    /// Bits a sample in the compressed stream; nullopt when the pixels are native.
    std::optional<unsigned> precision = {};
};

/// What the dataset says about the bits beside the layout.
struct BitClaims {
    std::optional<std::uint16_t> padding;  ///< Pixel Padding Value as written
    std::uint16_t overlay_bits = 0;        ///< bits of the cells that hold overlays (PS3.5 8.1.2)
};

struct StoredBits {
    Frame frame;       ///< BitsStored wide or wider, overlays dropped
    std::string note;  ///< where the cells contradict the header, and how they were read
    /// The values have another number of bits than the header says: its windows and VOI LUTs are
    /// not for them.
    bool has_other_width = false;
};

/// in   cells; the layout and the claims of the header
/// out  the stored values of the first frame
/// err  bad_input when they contradict it and no reading gives a picture
/// src  PS3.5 8.1.1, 8.1.2; PS3.3 C.7.6.3.1
StoredBits read_stored_bits(SampledCells cells, const PixelLayout& layout, const BitClaims& claims);

}  // namespace bucky::inference
