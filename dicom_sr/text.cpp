// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcspchrs.h"
#include "dcmtk/ofstd/ofchrenc.h"

namespace bucky::dicom_sr {
namespace {

constexpr char kEscape = '\x1B';

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629 table 3-7), or 0.
std::size_t sequence_length(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = at(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 ? 4U : first >= 0xE0 ? 3U : 2U;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
    const unsigned second = at(1);
    if (first == 0xE0 && second < 0xA0) return 0;  // overlong
    if (first == 0xED && second > 0x9F) return 0;  // surrogates
    if (first == 0xF0 && second < 0x90) return 0;  // overlong
    if (first == 0xF4 && second > 0x8F) return 0;  // beyond U+10FFFF
    const std::string_view rest = text.substr(1, length - 1);
    return std::ranges::all_of(rest, is_continuation) ? length : 0;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_plain_ascii(std::string_view text) {
    return std::ranges::all_of(
        text, [](char byte) { return static_cast<unsigned char>(byte) < 0x80 && byte != kEscape; });
}

std::optional<std::string> by_standard(std::string_view bytes, std::string_view character_set,
                                       bool person_name) {
    DcmSpecificCharacterSet converter;
    if (converter.selectCharacterSet(OFString(character_set), "ISO_IR 192").bad()) return {};
    OFString out;
    const OFString delimiters = person_name ? "\\^=" : "\\";
    if (converter.convertString(OFString(bytes), out, delimiters).bad()) return {};
    return out;
}

std::optional<std::string> by_encoding(std::string_view bytes, const char* encoding) {
    OFCharacterEncoding converter;
    if (converter.selectEncoding(encoding, "UTF-8").bad()) return {};
    OFString out;
    if (converter.convertString(OFString(bytes), out).bad() || !is_utf8(out)) return {};
    return out;
}

/// `bytes` without the ISO 2022 designators (ESC, intermediates 0x20-0x2F, one final byte).
std::string without_escapes(std::string_view bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != kEscape) {
            out += bytes[i];
            continue;
        }
        while (i + 1 < bytes.size() && bytes[i + 1] >= 0x20 && bytes[i + 1] <= 0x2F) ++i;
        ++i;  // the final byte
    }
    return out;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// What devices write that do not do what they declare, most likely first.
std::optional<std::string> by_guess(std::string_view bytes, std::string_view character_set) {
    if (is_utf8(bytes) && !contains(bytes, "\x1B")) return std::string(bytes);
    const bool japanese = contains(character_set, "IR 87") || contains(character_set, "IR 13") ||
                          contains(character_set, "IR 159") || contains(bytes, "\x1B$B") ||
                          contains(bytes, "\x1B$@");
    if (japanese) {
        for (const char* encoding : {"ISO-2022-JP-2", "ISO-2022-JP-3", "CP932", "EUC-JP"}) {
            if (auto text = by_encoding(bytes, encoding)) return text;
        }
    }
    return by_encoding(without_escapes(bytes), "CP949");
}

}  // namespace

std::string cleaned(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) {
            out += '?';
            text.remove_prefix(1);
            while (!text.empty() && is_continuation(text[0])) text.remove_prefix(1);
            continue;
        }
        const auto first = static_cast<unsigned char>(text[0]);
        if (first >= 0x20 && first != 0x7F) out.append(text.substr(0, length));
        text.remove_prefix(length);
    }
    const std::size_t begin = out.find_first_not_of(' ');
    if (begin == std::string::npos) return {};
    return out.substr(begin, out.find_last_not_of(' ') - begin + 1);
}

std::string to_utf8(std::string_view bytes, std::string_view character_set, bool person_name) {
    if (is_plain_ascii(bytes)) return cleaned(bytes);
    // Multi-byte UTF-8 that says it is Latin 1, or nothing, is UTF-8: no name reads like "Ã¼".
    const bool utf8_likely = character_set.empty() || character_set == "ISO_IR 6" ||
                             character_set == "ISO_IR 100" || character_set == "ISO_IR 192";
    const bool escaped = contains(bytes, "\x1B");  // ISO 2022 is well-formed UTF-8 too
    if (utf8_likely && !escaped && is_utf8(bytes)) return cleaned(bytes);
    if (!character_set.empty() && character_set != "ISO_IR 192") {
        if (const auto text = by_standard(bytes, character_set, person_name)) return cleaned(*text);
    }
    if (const auto text = by_guess(bytes, character_set)) return cleaned(*text);
    std::string lost = without_escapes(bytes);
    std::ranges::replace_if(
        lost, [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; }, '?');
    return cleaned(lost);
}

std::string shortened(std::string_view text, std::size_t characters) {
    std::size_t end = 0;
    while (end < text.size() && characters > 0) {
        ++end;
        while (end < text.size() && is_continuation(text[end])) ++end;
        --characters;
    }
    return std::string(text.substr(0, end));
}

std::string abridged(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return std::string(text);
    constexpr std::string_view kLost = "...";
    std::size_t end = bytes - std::min(bytes, kLost.size());
    while (end > 0 && is_continuation(text[end])) --end;
    return std::string(text.substr(0, end)) + std::string(kLost.substr(0, bytes - end));
}

}  // namespace bucky::dicom_sr
