// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/text.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcspchrs.h"
#include "dcmtk/ofstd/ofchrenc.h"

#include "conf/dicom/character_set.h"

namespace bucky {
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

/// U+0080 to U+009F: no text has them, so text that seems to is in another set.
bool has_c1_controls(std::string_view utf8) {
    for (std::size_t i = 0; i + 1 < utf8.size(); ++i) {
        if (utf8[i] == '\xC2' && static_cast<unsigned char>(utf8[i + 1]) < 0xA0) return true;
    }
    return false;
}

std::optional<std::string> by_standard(std::string_view bytes, std::string_view character_set,
                                       bool person_name) {
    DcmSpecificCharacterSet converter;
    if (converter.selectCharacterSet(OFString(character_set), "ISO_IR 192").bad()) return {};
    OFString out;
    const OFString delimiters = person_name ? "\\^=" : "\\";
    if (converter.convertString(OFString(bytes), out, delimiters).bad()) return {};
    if (has_c1_controls(out)) return {};
    return out;
}

std::optional<std::string> by_encoding(std::string_view bytes, const char* encoding) {
    OFCharacterEncoding converter;
    if (converter.selectEncoding(encoding, "UTF-8").bad()) return {};
    OFString out;
    if (converter.convertString(OFString(bytes), out).bad() || !is_utf8(out)) return {};
    if (has_c1_controls(out)) return {};
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

/// A run of bytes, and the last designator before it: the character set of the lower half.
struct Stretch {
    std::string_view bytes;
    std::string_view designator;  ///< "$B" JIS X 0208, "$(D" JIS X 0212, "(B", "(J", ... or empty
};

std::vector<Stretch> stretches_of(std::string_view bytes) {
    std::vector<Stretch> found;
    std::string_view designator;
    while (!bytes.empty()) {
        const std::size_t escape = std::min(bytes.find(kEscape), bytes.size());
        if (escape > 0) found.push_back({bytes.substr(0, escape), designator});
        bytes.remove_prefix(escape);
        if (bytes.empty()) break;
        std::size_t length = 1;
        while (length < bytes.size() && bytes[length] >= 0x20 && bytes[length] <= 0x2F) ++length;
        length = std::min(length + 1, bytes.size());  // the final byte
        // ")I" and its like set the upper half, which stands by itself.
        if (length > 1 && bytes[1] != ')') designator = bytes.substr(1, length - 1);
        bytes.remove_prefix(length);
    }
    return found;
}

/// ISO 2022 as Japanese devices write it, whatever they declare: kanji by their designators, and
/// half-width katakana (ISO_IR 13) as bytes with the high bit set between them (PS3.5 H.1).
std::optional<std::string> by_japanese(std::string_view bytes) {
    std::string out;
    for (const Stretch& stretch : stretches_of(bytes)) {
        const bool kanji = stretch.designator.starts_with("$") && stretch.designator != "$)C";
        const std::string wrapped = std::string("\x1B") + std::string(stretch.designator) +
                                    std::string(stretch.bytes) + "\x1B(B";
        const auto text =
            kanji ? by_encoding(wrapped, "ISO-2022-JP-2") : by_encoding(stretch.bytes, "CP932");
        if (!text) return {};
        out += *text;
    }
    return out;
}

/// Every character is ASCII or a Hangul syllable (U+AC00 to U+D7A3), and some are the latter.
bool is_hangul(std::string_view utf8) {
    bool any = false;
    for (std::size_t i = 0; i < utf8.size();) {
        const std::size_t length = sequence_length(utf8.substr(i));
        const std::string_view one = utf8.substr(i, length);
        if (length > 1 && (one < "\xEA\xB0\x80" || one > "\xED\x9E\xA3")) return false;
        any = any || length > 1;
        i += length;
    }
    return any;
}

bool is_high(char byte) {
    return (static_cast<unsigned char>(byte) & 0x80U) != 0;
}

/// An English letter beside a byte of another script: "Jérôme". Korean names do not mix the two.
bool mixes_with_latin(std::string_view text) {
    const auto is_letter = [](char byte) {
        return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    };
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (is_high(text[i]) == is_high(text[i - 1])) continue;
        if (is_letter(text[is_high(text[i]) ? i - 1 : i])) return true;
    }
    return false;
}

/// Windows-1252, where every byte of the upper half is a letter or the apostrophe of "O'Brien".
std::optional<std::string> by_western(std::string_view bytes) {
    constexpr std::string_view kLettersBelowC0 = "\x8A\x8C\x8E\x92\x9A\x9C\x9E\x9F";
    const bool letters = std::ranges::all_of(bytes, [&](char byte) {
        return !is_high(byte) || static_cast<unsigned char>(byte) >= 0xC0 ||
               kLettersBelowC0.find(byte) != std::string_view::npos;
    });
    if (!letters || !mixes_with_latin(bytes)) return {};
    return by_encoding(bytes, "CP1252");
}

/// EUC-KR or CP949. Where the file does not declare Korean, only text that is Hangul throughout
/// counts: two bytes of another script may form a Hanja, but hardly a whole name in Hangul.
std::optional<std::string> by_korean(std::string_view bytes, bool declared) {
    const auto text = by_encoding(without_escapes(bytes), "CP949");
    if (!text) return {};
    const bool likely = is_hangul(*text) && !mixes_with_latin(*text);
    return declared || likely ? text : std::nullopt;
}

bool is_latin_1(const CharacterSet& said) {
    return said.terms == "ISO_IR 100";
}

/// The encodings that devices write without declaring them, most likely first.
std::optional<std::string> by_guess(std::string_view bytes, const CharacterSet& said) {
    const std::string_view character_set = said.terms;
    if (is_utf8(bytes) && !contains(bytes, "\x1B")) return std::string(bytes);
    const bool korean = contains(character_set, "149") || contains(bytes, "\x1B$)C");
    const bool japanese = contains(character_set, "IR 87") || contains(character_set, "IR 13") ||
                          contains(character_set, "IR 159") || contains(bytes, "\x1B$B") ||
                          contains(bytes, "\x1B$@") || contains(bytes, "\x1B)I");
    if (japanese && !korean) {
        // Bytes of the upper half are katakana where the set has them, else two make a kanji.
        const bool katakana = contains(character_set, "IR 13") || contains(bytes, "\x1B");
        if (!katakana) {
            if (auto text = by_encoding(bytes, "EUC-JP")) return text;
        }
        if (auto text = by_japanese(bytes)) return text;
    }
    if (auto text = by_korean(bytes, korean)) return text;
    const bool western = said.encoding.empty() && (character_set.empty() || is_latin_1(said));
    return western ? by_western(bytes) : std::nullopt;
}

/// Japanese that is written as declared, but that DCMTK does not decode: code extensions after a
/// first value that allows them, katakana only where that value is ISO 2022 IR 13.
std::optional<std::string> by_extension(std::string_view bytes, std::string_view character_set) {
    const bool kanji =
        contains(character_set, "\\ISO 2022 IR 87") || contains(character_set, "\\ISO 2022 IR 159");
    const bool katakana = character_set.starts_with("ISO 2022 IR 13\\");
    const bool ascii = character_set.starts_with("\\");
    if (!kanji || !(katakana || ascii)) return {};
    if (ascii && std::ranges::any_of(bytes, is_high)) return {};
    return by_japanese(bytes);
}

/// Bytes that Latin 1 decodes, as it does any, but into text that was not written: Korean devices
/// declare it, or nothing.
bool is_declared_wrongly(std::string_view bytes, const CharacterSet& said) {
    return is_latin_1(said) && by_korean(bytes, false).has_value();
}

/// The text by the sets that its file names, or nullopt where it cannot be in them.
std::optional<std::string> as_declared(std::string_view bytes, const CharacterSet& said,
                                       bool person_name) {
    if (said.is_silent() || is_declared_wrongly(bytes, said)) return {};
    if (!said.encoding.empty()) return by_encoding(bytes, said.encoding.c_str());
    if (said.terms.empty()) return {};
    if (auto text = by_standard(bytes, said.terms, person_name)) return text;
    return by_extension(bytes, said.terms);
}

/// Latin letters with marks: "Ã¼" in such a set is never what was written.
bool is_of_latin(const CharacterSet& said) {
    constexpr std::string_view kLatin[] = {"ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110",
                                           "ISO_IR 148"};
    return std::ranges::find(kLatin, said.terms) != std::end(kLatin) ||
           said.encoding == "ISO-8859-15";
}

/// The letters of a set of one byte a character: by their UTF-8, first and last.
struct Script {
    std::string_view set, first, last;
};
constexpr Script kScripts[] = {{"ISO_IR 144", "\xD0\x80", "\xD3\xBF"},
                               {"CP1251", "\xD0\x80", "\xD3\xBF"},
                               {"KOI8-R", "\xD0\x80", "\xD3\xBF"},
                               {"ISO_IR 126", "\xCD\xB0", "\xCF\xBF"},
                               {"ISO_IR 127", "\xD8\x80", "\xDB\xBF"},
                               {"ISO_IR 138", "\xD6\x90", "\xD7\xBF"},
                               {"ISO_IR 166", "\xE0\xB8\x80", "\xE0\xB9\xBF"}};

/// Whether well-formed UTF-8 is that, although its file names another set. Two letters of Latin in
/// a row may be UTF-8 by accident, but hardly a word. In another script of one byte a character it
/// is no accident if every character is of that script; in a set of several bytes, if every
/// character has three, or stands in a word of Latin letters.
bool is_rather_utf8(std::string_view bytes, const CharacterSet& said) {
    if (said.is_silent() || is_of_latin(said)) return true;
    const auto* const script = std::ranges::find_if(kScripts, [&](const Script& one) {
        return one.set == said.terms || one.set == said.encoding;
    });
    const bool has_script = script != std::end(kScripts);
    const bool is_latin = mixes_with_latin(bytes);
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t length = sequence_length(bytes.substr(i));
        const std::string_view one = bytes.substr(i, length);
        const bool fits =
            has_script ? one >= script->first && one <= script->last : length > 2 || is_latin;
        if (length > 1 && !fits) return false;
        i += length;
    }
    return true;
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

Decoded decoded(std::string_view bytes, std::string_view character_set, bool person_name) {
    if (is_plain_ascii(bytes)) return {cleaned(bytes), Reading::declared};
    const bool has_escapes = contains(bytes, "\x1B");  // ISO 2022 is well-formed UTF-8, too
    const CharacterSet said = character_set_of(character_set, has_escapes);
    if (!has_escapes && is_utf8(bytes)) {
        if (said.utf8) return {cleaned(bytes), Reading::declared};
        if (is_rather_utf8(bytes, said)) return {cleaned(bytes), Reading::guessed};
    }
    if (const auto text = as_declared(bytes, said, person_name)) {
        return {cleaned(*text), said.assumed ? Reading::guessed : Reading::declared};
    }
    if (const auto text = by_guess(bytes, said)) return {cleaned(*text), Reading::guessed};
    std::string lost = without_escapes(bytes);
    std::ranges::replace_if(
        lost, [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; }, '?');
    return {cleaned(lost), Reading::lost};
}

std::string to_utf8(std::string_view bytes, std::string_view character_set, bool person_name) {
    return decoded(bytes, character_set, person_name).text;
}

std::string escaped(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) {
        const auto code = static_cast<unsigned char>(byte);
        if (code >= 0x20 && code < 0x7F) {
            out += byte;
        } else {
            out += fmt::format("\\x{:02X}", code);
        }
    }
    return out;
}

std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); }));
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

}  // namespace bucky
