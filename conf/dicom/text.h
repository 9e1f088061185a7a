// SPDX-License-Identifier: Apache-2.0
// Converts text of received files to UTF-8, and shortens it to the length that its value
// representation allows, never inside a character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bucky {

/// How a text was decoded.
enum class Reading {
    declared,  ///< by its Specific Character Set
    guessed,   ///< by an encoding that devices write without declaring it
    lost       ///< in part: each byte that cannot be decoded is '?'
};

struct Decoded {
    std::string text;
    Reading reading = Reading::declared;
};

/// in   the bytes of a text value; Specific Character Set (0008,0005) as it stands in the file,
///      values separated by a backslash; whether it is a PN
/// out  UTF-8, without control characters and padding, and how it was read
/// err  none: text alone never stops a result
/// src  PS3.5 6.1 and 6.2.1; a set under another spelling (character_set.h); the deviations are
///      EUC-KR, CP949, EUC-JP, Shift JIS and Windows-1252 under other declarations, and UTF-8 that
///      nobody declared or that says it is something else; docs/decisions/0402
Decoded decoded(std::string_view bytes, std::string_view character_set, bool person_name);

/// The text alone.
std::string to_utf8(std::string_view bytes, std::string_view character_set, bool person_name);

/// `text` with every malformed sequence replaced by one '?', control characters dropped and the
/// spaces and NULs at both ends trimmed (PS3.5 6.2).
std::string cleaned(std::string_view text);

/// `bytes` in ASCII: "12\x0A34", where the third byte is no printable ASCII character.
std::string escaped(std::string_view bytes);

/// Number of characters of valid UTF-8.
std::size_t characters_in(std::string_view text);

/// At most `characters` characters (not bytes: PS3.5 6.2 counts characters) of valid UTF-8.
std::string shortened(std::string_view text, std::size_t characters);

/// At most `bytes` bytes, with "..." in place of what is lost.
std::string abridged(std::string_view text, std::size_t bytes);

}  // namespace bucky
