// SPDX-License-Identifier: Apache-2.0
// What a JPEG or JPEG-LS stream says about itself, so that it can be held against the dataset
// before a codec believes it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace bucky::inference {

struct JpegShape {
    std::uint32_t rows = 0;  ///< 0: the stream tells it later (DNL)
    std::uint32_t columns = 0;
    std::uint32_t precision = 0;  ///< bits a sample
    std::uint32_t components = 0;
    bool is_jpeg_ls = false;
};

/// in   the beginning of a JPEG stream
/// out  its first frame header (SOF0 to SOF15, or SOF55 of JPEG-LS); nothing when there is none
/// src  ITU-T T.81 B.2.2, T.87 C.2.2
std::optional<JpegShape> jpeg_shape(std::span<const std::uint8_t> stream);

}  // namespace bucky::inference
