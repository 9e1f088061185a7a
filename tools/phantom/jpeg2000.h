// SPDX-License-Identifier: Apache-2.0
// The JPEG 2000 encoder of the phantoms, through OpenJPEG: DCMTK has none. Any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace bucky::phantom {

/// What to encode: one grey component.
struct Jpeg2000Picture {
    std::uint32_t rows = 0, columns = 0;
    unsigned bits = 0;                  ///< 1 to 16
    bool is_signed = false;             ///< values are two's complement in `bits` bits
    std::vector<std::uint16_t> values;  ///< rows * columns
    double quality_db = 0;              ///< 0: reversible; else irreversible at this PSNR
};

/// A codestream (ITU-T T.800).
///   err  bug when OpenJPEG refuses
std::vector<std::uint8_t> encode_jpeg2000(const Jpeg2000Picture& picture);

}  // namespace bucky::phantom
