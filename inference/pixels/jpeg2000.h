// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 and High-Throughput JPEG 2000 codestreams through OpenJPEG, because DCMTK has no codec
// for them. Only this file pair uses OpenJPEG. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "inference/pixels/jpeg2000_stream.h"

namespace bucky::inference {

/// in   a whole codestream and its shape: one component of at most 16 bits
/// out  rows * columns samples, negative ones as two's complement in 16 bits
/// err  bad_input when it is damaged, ends early or lacks a tile; exhausted when there is no memory
/// src  ITU-T T.800, T.814; PS3.5 A.4.4, A.4.11
std::vector<std::uint16_t> decode_jpeg2000(std::span<const std::uint8_t> codestream,
                                           const Jpeg2000Shape& shape);

}  // namespace bucky::inference
