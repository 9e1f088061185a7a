// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/character_set.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace bucky {
namespace {

/// The registration number of a set in ISO-IR; the first three have none, and numbers of their own.
enum Set : int {
    kCyrillicWindows = -3,
    kCyrillicKoi8 = -2,
    kChinese = -1,  ///< GB18030, which contains GBK and GB 2312
    kAscii = 6,
    kJapaneseLetters = 13,  ///< JIS X 0201; DCMTK reads Shift JIS by it, too
    kJapaneseRomaji = 14,
    kChineseByEscape = 58,
    kKanji = 87,
    kLatin1 = 100,
    kKorean = 149,
    kMoreKanji = 159,
    kUtf8 = 192,
    kLatin9 = 203,
};

constexpr std::array kNumbers{6,   13,  14,  58,  87,  100, 101, 109, 110, 126,
                              127, 138, 144, 148, 149, 159, 166, 192, 203};

struct Name {
    std::string_view name;  ///< letters and digits only
    int set;
};

// The names by which IANA, Windows and Java know the sets of DICOM.
constexpr std::array kNames{
    Name{"", kAscii},
    Name{"ASCII", kAscii},
    Name{"USASCII", kAscii},
    Name{"ISO646", kAscii},
    Name{"UTF8", kUtf8},
    Name{"UTF", kUtf8},
    Name{"UNICODE", kUtf8},
    Name{"ISO10646", kUtf8},
    Name{"GB18030", kChinese},
    Name{"GBK", kChinese},
    Name{"GB2312", kChinese},
    Name{"EUCCN", kChinese},
    Name{"CP936", kChinese},
    Name{"EUCKR", kKorean},
    Name{"KSC5601", kKorean},
    Name{"KSX1001", kKorean},
    Name{"CP949", kKorean},
    Name{"MS949", kKorean},
    Name{"UHC", kKorean},
    Name{"SHIFTJIS", kJapaneseLetters},
    Name{"SJIS", kJapaneseLetters},
    Name{"CP932", kJapaneseLetters},
    Name{"MS932", kJapaneseLetters},
    Name{"WINDOWS31J", kJapaneseLetters},
    Name{"EUCJP", kKanji},
    Name{"ISO2022JP", kKanji},
    Name{"LATIN1", kLatin1},
    Name{"CP1252", kLatin1},
    Name{"WINDOWS1252", kLatin1},
    Name{"CP1251", kCyrillicWindows},
    Name{"WINDOWS1251", kCyrillicWindows},
    Name{"KOI8R", kCyrillicKoi8},
    Name{"ISO88591", kLatin1},
    Name{"ISO88592", 101},
    Name{"ISO88593", 109},
    Name{"ISO88594", 110},
    Name{"ISO88595", 144},
    Name{"ISO88596", 127},
    Name{"ISO88597", 126},
    Name{"ISO88598", 138},
    Name{"ISO88599", 148},
    Name{"ISO885911", 166},
    Name{"TIS620", 166},
    Name{"ISO885915", kLatin9},
    Name{"LATIN9", kLatin9},
};

/// "ISO-IR 100" as "ISOIR100".
std::string letters_and_digits(std::string_view value) {
    std::string out;
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) out += static_cast<char>(std::toupper(byte));
    }
    return out;
}

std::optional<int> set_of(std::string_view value) {
    const std::string name = letters_and_digits(value);
    const auto* const known = std::ranges::find(kNames, name, &Name::name);
    if (known != kNames.end()) return known->set;
    std::string_view rest = name;
    for (const std::string_view part : {"ISO", "2022", "IR"}) {
        if (rest.starts_with(part)) rest.remove_prefix(part.size());
    }
    int number = 0;
    const char* end = rest.data() + rest.size();
    const auto [stopped, fault] = std::from_chars(rest.data(), end, number);
    if (fault != std::errc{} || stopped != end) return std::nullopt;
    const bool is_known = std::ranges::find(kNumbers, number) != kNumbers.end();
    return is_known ? std::optional(number) : std::nullopt;
}

/// In the order in which they are named, each once.
std::vector<int> sets_of(std::string_view said) {
    std::vector<int> sets;
    while (true) {
        const std::size_t end = std::min(said.find('\\'), said.size());
        auto set = set_of(said.substr(0, end));
        if (set == kJapaneseRomaji) set = kJapaneseLetters;
        if (set && std::ranges::find(sets, *set) == sets.end()) sets.push_back(*set);
        if (end == said.size()) return sets;
        said.remove_prefix(end + 1);
    }
}

/// Several bytes a character: only escape sequences call it (PS3.3 Table C.12-4).
bool is_called_by_escape(int set) {
    return set == kChineseByEscape || set == kKanji || set == kKorean || set == kMoreKanji;
}

const char* encoding_of(int set) {
    switch (set) {
        case kLatin9: return "ISO-8859-15";
        case kCyrillicWindows: return "CP1251";
        case kCyrillicKoi8: return "KOI8-R";
        default: return "";
    }
}

/// "ISO 2022 IR 13\\ISO 2022 IR 87"; ASCII, as a first value, is empty.
std::string with_code_extensions(const std::vector<int>& sets) {
    std::string terms;
    for (const int set : sets) {
        const bool is_first = set == sets.front();
        if (!is_first || is_called_by_escape(set)) terms += '\\';
        if (!is_first || set != kAscii) terms += fmt::format("ISO 2022 IR {}", set);
    }
    return terms;
}

}  // namespace

CharacterSet character_set_of(std::string_view said, bool has_escapes) {
    auto sets = sets_of(said);
    CharacterSet found;
    found.utf8 = std::erase(sets, kUtf8) > 0;
    if (std::ranges::find(sets, kChinese) != sets.end()) {
        found.terms = "GB18030";
        return found;
    }
    const bool begins_with_ascii = !sets.empty() && sets.front() == kAscii;
    const auto beyond_ascii = std::ranges::find_if(sets, [](int set) { return set != kAscii; });
    if (beyond_ascii == sets.end()) return found;
    found.encoding = encoding_of(*beyond_ascii);
    if (!found.encoding.empty()) return found;
    const bool is_clear = !begins_with_ascii || sets.size() == 2;
    if (!has_escapes && is_clear && !is_called_by_escape(*beyond_ascii)) {
        found.terms = fmt::format("ISO_IR {}", *beyond_ascii);
        found.assumed = begins_with_ascii;
        return found;
    }
    std::erase_if(sets, [](int set) { return *encoding_of(set) != '\0'; });
    if (sets.size() == 1 && !is_called_by_escape(sets.front())) sets.push_back(kAscii);
    found.terms = with_code_extensions(sets);
    return found;
}

}  // namespace bucky
