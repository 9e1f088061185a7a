// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/jpeg_stream.h"

#include <cstddef>

namespace bucky::inference {
namespace {

constexpr std::uint8_t kJpegLs = 0xF7;

bool is_frame_header(std::uint8_t marker) {
    constexpr std::uint8_t kHuffmanTables = 0xC4;
    constexpr std::uint8_t kReserved = 0xC8;
    constexpr std::uint8_t kArithmeticTables = 0xCC;
    if (marker == kJpegLs) return true;
    return marker >= 0xC0 && marker <= 0xCF && marker != kHuffmanTables && marker != kReserved &&
           marker != kArithmeticTables;
}

/// Whether the marker has no length: TEM, RST0 to RST7, SOI, EOI.
bool stands_alone(std::uint8_t marker) {
    return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9);
}

JpegProcess process_of(std::uint8_t marker) {
    if (marker == kJpegLs) return JpegProcess::jpeg_ls;
    const bool lossless = (marker & 0x03U) == 0x03U;  // SOF3, 7, 11, 15: T.81 Table B.1
    return lossless ? JpegProcess::lossless : JpegProcess::dct;
}

bool is_progressive(std::uint8_t marker) {  // SOF2, 6, 10, 14
    return marker != kJpegLs && (marker & 0x03U) == 0x02U;
}

}  // namespace

std::optional<JpegShape> jpeg_shape(std::span<const std::uint8_t> stream) {
    const auto word = [&](std::size_t at) {
        return static_cast<std::uint32_t>(stream[at] << 8U | stream[at + 1]);
    };
    std::size_t at = 0;
    while (at + 4 <= stream.size()) {
        if (stream[at] != 0xFF) return std::nullopt;
        const std::uint8_t marker = stream[at + 1];
        if (marker == 0xFF) {  // fill byte
            ++at;
        } else if (stands_alone(marker)) {
            at += 2;
        } else if (is_frame_header(marker)) {
            if (at + 10 > stream.size()) return std::nullopt;
            return JpegShape{.rows = word(at + 5),
                             .columns = word(at + 7),
                             .precision = stream[at + 4],
                             .components = stream[at + 9],
                             .process = process_of(marker),
                             .is_progressive = is_progressive(marker)};
        } else {
            at += 2 + word(at + 2);
        }
    }
    return std::nullopt;
}

std::uint64_t most_pixels_a_byte(const JpegShape& shape) {
    switch (shape.process) {
        case JpegProcess::lossless: return 8;
        case JpegProcess::dct: return std::uint64_t{8} * 64;
        case JpegProcess::jpeg_ls: return std::uint64_t{8} << 15U;
    }
    __builtin_unreachable();
}

}  // namespace bucky::inference
