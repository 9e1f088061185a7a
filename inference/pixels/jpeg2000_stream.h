// SPDX-License-Identifier: Apache-2.0
// What a JPEG 2000 codestream states of itself, high-throughput or not: its shape, to be compared
// with the dataset before OpenJPEG allocates memory for an untrusted header, and its tiles.
// OpenJPEG leaves tiles black that are not there. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

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

/// in   a codestream that begins with a SIZ segment
/// out  whether it has every tile, and of each as many tile-parts as it says
/// src  ITU-T T.800 A.4.2 (SOT), B.3 (tiles)
bool has_all_tiles(std::span<const std::uint8_t> codestream);

}  // namespace bucky::inference
