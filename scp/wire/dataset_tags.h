// SPDX-License-Identifier: Apache-2.0
// The tags that the walk over a data set knows (PS3.6), and the value representations with a length
// of four bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace bucky::scp {

inline constexpr std::uint32_t tag(std::uint16_t group, std::uint16_t element) {
    return static_cast<std::uint32_t>(group) << 16U | element;
}
inline constexpr std::uint32_t kItem = tag(0xFFFE, 0xE000);
inline constexpr std::uint32_t kItemEnd = tag(0xFFFE, 0xE00D);
inline constexpr std::uint32_t kSequenceEnd = tag(0xFFFE, 0xE0DD);
inline constexpr std::uint32_t kPixelData = tag(0x7FE0, 0x0010);
inline constexpr std::uint16_t kPixelDataGroup = 0x7FE0;

/// Attributes that results copy from an image, and attributes that models and pictures depend on.
inline constexpr std::uint32_t kCompared[] = {
    tag(0x0008, 0x0020), tag(0x0008, 0x0022), tag(0x0008, 0x0023), tag(0x0008, 0x0030),
    tag(0x0008, 0x0032), tag(0x0008, 0x0033), tag(0x0008, 0x0050), tag(0x0008, 0x0060),
    tag(0x0008, 0x0090), tag(0x0008, 0x0201), tag(0x0008, 0x1030), tag(0x0008, 0x103E),
    tag(0x0010, 0x0010), tag(0x0010, 0x0020), tag(0x0010, 0x0021), tag(0x0010, 0x0030),
    tag(0x0010, 0x0040), tag(0x0010, 0x1010), tag(0x0010, 0x1020), tag(0x0010, 0x1030),
    tag(0x0018, 0x0015), tag(0x0018, 0x1164), tag(0x0018, 0x5101), tag(0x0020, 0x0010),
    tag(0x0020, 0x0011), tag(0x0020, 0x0013), tag(0x0020, 0x0020), tag(0x0020, 0x0060),
    tag(0x0020, 0x0062), tag(0x0028, 0x0004), tag(0x0028, 0x0030), tag(0x0028, 0x1050),
    tag(0x0028, 0x1051), tag(0x0028, 0x1052), tag(0x0028, 0x1053)};

inline bool has_long_length(const std::array<char, 2>& vr) {  // PS3.5 7.1.2
    static constexpr std::string_view kShort[] = {"AE", "AS", "AT", "CS", "DA", "DS", "DT",
                                                  "FL", "FD", "IS", "LO", "LT", "PN", "SH",
                                                  "SL", "SS", "ST", "TM", "UI", "UL", "US"};
    const std::string_view name{vr.data(), vr.size()};
    const bool letters =
        std::all_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    return letters && std::find(std::begin(kShort), std::end(kShort), name) == std::end(kShort);
}

}  // namespace bucky::scp
