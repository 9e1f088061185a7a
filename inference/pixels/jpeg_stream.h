// SPDX-License-Identifier: Apache-2.0
// The shape that a JPEG or JPEG-LS stream states, to be compared with the dataset before a codec
// uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace bucky::inference {

enum class JpegProcess { dct, lossless, jpeg_ls };

struct JpegShape {
    std::uint32_t rows = 0;  ///< 0: stated later in the stream (DNL)
    std::uint32_t columns = 0;
    std::uint32_t precision = 0;  ///< bits a sample
    std::uint32_t components = 0;
    JpegProcess process = JpegProcess::dct;
    bool is_progressive = false;  ///< several scans, each of which refines the picture
};

/// in   the beginning of a JPEG stream
/// out  its first frame header (SOF0 to SOF15, or SOF55 of JPEG-LS); nullopt when there is none
/// src  ITU-T T.81 B.2.2, T.87 C.2.2
std::optional<JpegShape> jpeg_shape(std::span<const std::uint8_t> stream);

/// The largest number of pixels that one byte of such a stream can hold. A lossless Huffman code
/// has at least one bit for each pixel, a DCT scan one for each block of 64, a run of JPEG-LS one
/// for up to 2^15.
///   src  ITU-T T.81 F.1.2, H.1.2; T.87 A.7.1.2
std::uint64_t most_pixels_a_byte(const JpegShape& shape);

}  // namespace bucky::inference
