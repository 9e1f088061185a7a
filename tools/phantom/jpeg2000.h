// SPDX-License-Identifier: Apache-2.0
// The JPEG 2000 encoder for phantoms, through OpenJPEG, because DCMTK has none. Any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace bucky::phantom {

/// The picture to encode: one grey component.
struct Jpeg2000Picture {
    std::uint32_t rows = 0, columns = 0;
    unsigned bits = 0;                  ///< 1 to 16
    bool is_signed = false;             ///< values are two's complement in `bits` bits
    std::vector<std::uint16_t> values;  ///< rows * columns
    double quality_db = 0;              ///< 0: reversible; otherwise irreversible at this PSNR
    std::uint32_t tile_side = 0;        ///< 0: one tile
};

/// Returns a codestream (ITU-T T.800).
///   err  bug when OpenJPEG fails
std::vector<std::uint8_t> encode_jpeg2000(const Jpeg2000Picture& picture);

}  // namespace bucky::phantom
