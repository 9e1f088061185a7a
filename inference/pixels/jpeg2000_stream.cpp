// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/jpeg2000_stream.h"

#include <algorithm>
#include <vector>

namespace bucky::inference {
namespace {

constexpr std::size_t kFirstComponent = 42;  ///< of the SIZ segment, behind SOC
constexpr std::uint32_t kTilePart = 0xFF90;  ///< SOT
constexpr std::size_t kTilePartHead = 12;    ///< the marker and its segment

std::uint32_t number(std::span<const std::uint8_t> bytes, std::size_t at, unsigned count) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 8U | bytes[at + i];
    return value;
}

/// The parts of one tile that were found, and how many there are: 0 if no part has said it.
struct TileParts {
    unsigned found = 0;
    unsigned announced = 0;

    bool complete() const { return found > 0 && (announced == 0 || found == announced); }
};

/// Tiles of the grid that the SIZ segment describes; 0 when it contradicts itself.
std::uint64_t tiles_of(std::span<const std::uint8_t> codestream) {
    const auto along = [&](std::size_t end_at, std::size_t tile_at, std::size_t offset_at) {
        const std::uint64_t end = number(codestream, end_at, 4);
        const std::uint64_t side = number(codestream, tile_at, 4);
        const std::uint64_t offset = number(codestream, offset_at, 4);
        return side == 0 || offset >= end ? 0 : (end - offset + side - 1) / side;
    };
    return along(8, 24, 32) * along(12, 28, 36);
}

/// The first SOT behind the main header, whose segments all have a length.
std::size_t first_tile_part(std::span<const std::uint8_t> codestream) {
    std::size_t at = 2;  // behind SOC
    while (at + 4 <= codestream.size() && number(codestream, at, 2) != kTilePart) {
        at += 2 + std::max<std::size_t>(number(codestream, at + 2, 2), 2);
    }
    return at;
}

}  // namespace

std::optional<std::span<const std::uint8_t>> codestream_in(std::span<const std::uint8_t> frame) {
    constexpr std::uint32_t kSocAndSiz = 0xFF4FFF51;
    constexpr std::uint32_t kSignatureBox = 0x6A502020;   // "jP  "
    constexpr std::uint32_t kCodestreamBox = 0x6A703263;  // "jp2c"
    if (frame.size() < 8) return std::nullopt;
    if (number(frame, 0, 4) == kSocAndSiz) return frame;
    if (number(frame, 4, 4) != kSignatureBox) return std::nullopt;
    std::size_t at = 0;
    while (at + 8 <= frame.size()) {
        const std::size_t length = number(frame, at, 4);
        if (number(frame, at + 4, 4) == kCodestreamBox) {
            const std::size_t head = length == 1 ? 16 : 8;  // 1: 64-bit length follows
            if (at + head > frame.size()) return std::nullopt;
            return frame.subspan(at + head);
        }
        if (length < 8) return std::nullopt;
        at += length;
    }
    return std::nullopt;
}

std::optional<Jpeg2000Shape> jpeg2000_shape(std::span<const std::uint8_t> codestream) {
    if (codestream.size() < kFirstComponent + 3 || number(codestream, 0, 4) != 0xFF4FFF51) {
        return std::nullopt;
    }
    const std::uint32_t right = number(codestream, 8, 4), bottom = number(codestream, 12, 4);
    const std::uint32_t left = number(codestream, 16, 4), top = number(codestream, 20, 4);
    if (right <= left || bottom <= top) return std::nullopt;
    Jpeg2000Shape shape;
    shape.columns = right - left;
    shape.rows = bottom - top;
    shape.components = number(codestream, 40, 2);
    shape.precision = (codestream[kFirstComponent] & 0x7FU) + 1;
    shape.is_signed = (codestream[kFirstComponent] & 0x80U) != 0;
    shape.is_subsampled =
        codestream[kFirstComponent + 1] != 1 || codestream[kFirstComponent + 2] != 1;
    return shape;
}

bool has_all_tiles(std::span<const std::uint8_t> codestream) {
    constexpr std::uint64_t kTilesMax = 65535;  // T.800 B.3
    if (codestream.size() < kFirstComponent) return false;
    const std::uint64_t tiles = tiles_of(codestream);
    if (tiles == 0 || tiles > kTilesMax) return false;
    std::vector<TileParts> parts(tiles);
    std::size_t at = first_tile_part(codestream);
    while (at + kTilePartHead <= codestream.size() && number(codestream, at, 2) == kTilePart) {
        const std::uint32_t tile = number(codestream, at + 4, 2);
        const std::uint32_t length = number(codestream, at + 6, 4);
        if (tile >= tiles) return false;
        ++parts[tile].found;
        if (codestream[at + 11] != 0) parts[tile].announced = codestream[at + 11];
        if (length == 0) break;  // it goes to the end of the codestream
        if (length < kTilePartHead) return false;
        at += length;
    }
    return std::ranges::all_of(parts, &TileParts::complete);
}

}  // namespace bucky::inference
