// SPDX-License-Identifier: Apache-2.0
// The marker FF D9 that ends a compressed image: EOI of JPEG and JPEG-LS, EOC of JPEG 2000. Devices
// leave it out. Such a stream is decoded with the marker put behind it, by decoders that refuse a
// stream of too few pixels. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "conf/base/error.h"

namespace bucky::inference {

/// Whether the stream ends with the marker; zeros may follow, or one byte of any value: encoders
/// write what they like where PS3.5 A.4 wants a zero.
bool has_end_marker(std::span<const std::uint8_t> stream);

/// The stream with the marker behind it. A half of the marker, a byte that may pad the fragment to
/// an even length (PS3.5 A.4), and all zeros at the end can be left out first.
///   out  each stream that the device may have meant, the most likely one first
std::vector<std::vector<std::uint8_t>> ended(std::span<const std::uint8_t> stream);

/// The pixels of a stream. If it cannot be decoded and has no end marker: those of the stream with
/// one, and `without_end` is set.
///   in   decode(stream): throws bad_input for a stream with too few pixels
template <typename Decode>
auto decode_ended(std::span<const std::uint8_t> stream, bool& without_end, const Decode& decode)
    -> decltype(decode(stream)) {
    try {
        auto pixels = decode(stream);
        without_end = !has_end_marker(stream);
        return pixels;
    } catch (const Error& error) {  // the marker may be all that is missing
        if (error.fault() != Fault::bad_input || has_end_marker(stream)) throw;
    }
    without_end = true;
    const auto meant = ended(stream);
    for (std::size_t at = 0; at + 1 < meant.size(); ++at) {
        try {
            return decode(meant[at]);
        } catch (const Error& error) {  // the next may be right
            if (error.fault() != Fault::bad_input) throw;
        }
    }
    return decode(meant.back());
}

}  // namespace bucky::inference
