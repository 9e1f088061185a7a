// SPDX-License-Identifier: Apache-2.0
// JPEG streams (DCT and lossless, not JPEG-LS) through DCMTK's IJG decoders, one frame at a time.
//
// DCMTK's codec for whole data sets looks for the frame header in the first fragment only, and
// cannot tell a stream without an end marker from one that lacks pixels. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inference/pixels/jpeg_stream.h"

namespace bucky::inference {

struct JpegPixels {
    std::vector<std::uint16_t> samples;  ///< rows * columns
    bool without_end = false;            ///< the stream has every pixel, but no end marker
};

/// in   a whole JPEG stream and its shape; the pixels that its header must have
/// out  its samples, as wide as its precision
/// err  bad_input when it is damaged, of another size, or ends before its last pixel
/// src  ITU-T T.81; PS3.5 8.2.1, A.4.1
JpegPixels decode_jpeg(std::span<const std::uint8_t> stream, const JpegShape& shape,
                       std::size_t pixels);

}  // namespace bucky::inference
