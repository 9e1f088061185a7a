// SPDX-License-Identifier: Apache-2.0
// Two encodings of a data set that the standard forbids, that devices write, and that have one
// meaning only: items in explicit VR inside an element of VR UN, and a header of zlib or gzip in
// front of a deflated data set. The walk at reception and all parsers read them by these rules.
// LenientStream gives any input stream of DCMTK's both of them. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace bucky {

/// Whether these are the letters of a value representation (PS3.5 6.2).
inline bool is_vr(std::uint8_t first, std::uint8_t second) {
    constexpr std::string_view kAll =
        "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN "
        "UR US UT UV";
    const std::array name{static_cast<char>(first), static_cast<char>(second)};
    const auto at = kAll.find(std::string_view{name.data(), name.size()});
    return at != std::string_view::npos && at % 3 == 0;
}

/// As much as holds_explicit_vr() needs: some empty items and the head of an element.
inline constexpr std::size_t kUnknownPeekBytes = 64;

/// Whether the items of an element of VR UN and undefined length are in explicit VR. The standard
/// has them in implicit VR; software that renames a sequence to UN may leave them as they were.
///   in   what stands behind the element's length, either byte order
///   src  PS3.5 6.2.2 note 6, 7.5
inline bool holds_explicit_vr(std::span<const std::uint8_t> items) {
    const auto is_tag = [&](std::size_t at, std::uint8_t element) {
        const auto four = items.subspan(at, 4);
        return std::ranges::equal(four, std::array<std::uint8_t, 4>{0xFE, 0xFF, element, 0xE0}) ||
               std::ranges::equal(four, std::array<std::uint8_t, 4>{0xFF, 0xFE, 0xE0, element});
    };
    const auto length_is = [&](std::uint8_t byte) {
        return std::ranges::all_of(items.subspan(4, 4), [&](auto one) { return one == byte; });
    };
    constexpr std::uint8_t kItem = 0x00, kItemEnd = 0x0D;
    constexpr std::size_t kItemHead = 8, kVrAt = 12;
    while (items.size() >= kVrAt + 2 && is_tag(0, kItem)) {
        if (length_is(0)) {
            items = items.subspan(kItemHead);
        } else if (length_is(0xFF) && is_tag(kItemHead, kItemEnd)) {
            items = items.subspan(std::min(items.size(), 2 * kItemHead));
        } else {
            return is_vr(items[kVrAt], items[kVrAt + 1]);
        }
    }
    return false;
}

/// As much as deflate_header_bytes() needs: a gzip header may have a file name.
inline constexpr std::size_t kDeflatePeekBytes = 512;

/// The bytes of a gzip header (RFC 1952 2.3); 0 if it does not end here.
inline std::size_t gzip_header_bytes(std::span<const std::uint8_t> begin) {
    constexpr std::uint8_t kHasCrc = 2, kHasExtra = 4, kHasName = 8, kHasComment = 16;
    std::size_t at = 10;
    if (begin.size() < at) return 0;
    const std::uint8_t flags = begin[3];
    if ((flags & kHasExtra) != 0 && at + 2 <= begin.size()) {
        at += 2U + begin[at] + (std::size_t{begin[at + 1]} << 8U);
    }
    for (const std::uint8_t text : {kHasName, kHasComment}) {
        if ((flags & text) == 0) continue;
        while (at < begin.size() && begin[at] != 0) ++at;
        ++at;
    }
    if ((flags & kHasCrc) != 0) at += 2;
    return at < begin.size() ? at : 0;
}

/// The bytes of a zlib or gzip header in front of a deflated data set, which has none (PS3.5 A.5);
/// 0 if it begins as it should. The two cannot be confused: as deflated data, the header of zlib
/// would begin a block that is stored, whose length is not followed by its complement; the header
/// of gzip begins a block of a reserved type.
///   src  RFC 1950 2.2, RFC 1951 3.2.3 and 3.2.4, RFC 1952 2.3
inline std::size_t deflate_header_bytes(std::span<const std::uint8_t> begin) {
    constexpr unsigned kDeflate = 8, kDictionary = 0x20;
    if (begin.size() < 5) return 0;
    if (begin[0] == 0x1F && begin[1] == 0x8B && begin[2] == kDeflate) {
        return gzip_header_bytes(begin);
    }
    const bool zlib = (begin[0] & 0x0FU) == kDeflate && begin[0] >> 4U <= 7 &&
                      (begin[0] * 256U + begin[1]) % 31 == 0 && (begin[1] & kDictionary) == 0;
    const bool stored = (begin[1] ^ begin[3]) == 0xFF && (begin[2] ^ begin[4]) == 0xFF;
    return zlib && !stored ? 2 : 0;
}

/// An input stream of DCMTK's that shows its parser the data set as it was meant.
template <typename Stream>
class LenientStream : public Stream {
public:
    using Stream::Stream;
    using Offset = decltype(std::declval<Stream&>().avail());

    /// DCMTK's parser reads a VR as two bytes. It gets SQ for UN where the items are in explicit
    /// VR: UN of undefined length means implicit VR to it.
    Offset read(void* buffer, Offset length) override {
        const Offset got = Stream::read(buffer, length);
        auto* vr = static_cast<char*>(buffer);
        if (length == 2 && got == 2 && vr[0] == 'U' && vr[1] == 'N' && unknown_is_sequence()) {
            vr[0] = 'S';
            vr[1] = 'Q';
        }
        return got;
    }

    /// Passes over a header in front of the deflated bytes first.
    template <typename Type>
    auto install_after_header(Type type) {
        std::array<std::uint8_t, kDeflatePeekBytes> begin{};
        const auto header = deflate_header_bytes(peek(begin));
        if (header > 0) (void)Stream::skip(static_cast<Offset>(header));
        return Stream::installCompressionFilter(type);
    }

private:
    std::span<const std::uint8_t> peek(std::span<std::uint8_t> into) {
        Stream::mark();
        const Offset got = Stream::read(into.data(), static_cast<Offset>(into.size()));
        Stream::putback();
        return into.first(static_cast<std::size_t>(std::max<Offset>(got, 0)));
    }

    /// Behind the VR: two reserved bytes, four of an undefined length, and the items.
    bool unknown_is_sequence() {
        constexpr std::size_t kHead = 6;
        std::array<std::uint8_t, kHead + kUnknownPeekBytes> next{};
        const auto found = peek(next);
        if (found.size() < kHead) return false;
        const bool undefined =
            std::ranges::all_of(found.subspan(2, 4), [](auto byte) { return byte == 0xFF; });
        return undefined && holds_explicit_vr(found.subspan(kHead));
    }
};

}  // namespace bucky
