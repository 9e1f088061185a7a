// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 codestreams through OpenJPEG, the one codec of PS3.5 that DCMTK lacks. Only this file
// pair uses OpenJPEG.
//
// The shape is parsed here first, so that it can be compared with the dataset before OpenJPEG
// allocates memory for an untrusted header. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bucky::inference {

struct Jpeg2000Shape {
    std::uint32_t rows = 0, columns = 0;
    std::uint32_t precision = 0;  ///< bits a sample of the first component
    std::uint32_t components = 0;
    bool is_signed = false;
    bool is_subsampled = false;  ///< the component has fewer samples than the image has pixels
};

/// in   a frame: a codestream, or a JP2 file with one (PS3.5 8.2.4 forbids it, but devices send it)
/// out  the codestream in it; nullopt when there is none
/// src  ITU-T T.800 A.4.1 (SOC), I.4 (boxes)
std::optional<std::span<const std::uint8_t>> codestream_in(std::span<const std::uint8_t> frame);

/// in   a codestream
/// out  what its SIZ segment says; nullopt when it does not begin with one
/// src  ITU-T T.800 A.5.1
std::optional<Jpeg2000Shape> jpeg2000_shape(std::span<const std::uint8_t> codestream);

/// in   a whole codestream and its shape: one component of at most 16 bits
/// out  rows * columns samples, negative ones as two's complement in 16 bits
/// err  bad_input when it is damaged or ends early; exhausted when there is no memory
/// src  ITU-T T.800; PS3.5 A.4.4
std::vector<std::uint16_t> decode_jpeg2000(std::span<const std::uint8_t> codestream,
                                           const Jpeg2000Shape& shape);

}  // namespace bucky::inference
