// SPDX-License-Identifier: Apache-2.0
#include "conf/base/printable.h"

#include <cstdint>

namespace bucky {
namespace {

struct Character {
    std::uint32_t code = 0;
    std::size_t bytes = 0;  ///< 0: invalid UTF-8
};

/// RFC 3629 3 and 4.
Character first_of(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (bytes == 0 || lead > 0xF4 || text.size() < bytes) return {};
    std::uint32_t code = lead & (0xFFU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0U) != 0x80) return {};
        code = code << 6U | (next & 0x3FU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < kLeast[bytes] || code > 0x10FFFF || is_surrogate) return {};
    return {code, bytes};
}

bool steers(std::uint32_t code) {
    if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) return true;  // C0, DEL, C1
    if (code == 0x2028 || code == 0x2029) return true;               // line, paragraph
    return code == 0x061C || code == 0x200E || code == 0x200F ||     // writing direction: UAX 9
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

}  // namespace

std::size_t printable_bytes(std::string_view text) {
    if (text.empty()) return 0;
    const Character first = first_of(text);
    return first.bytes == 0 || steers(first.code) ? 0 : first.bytes;
}

}  // namespace bucky
