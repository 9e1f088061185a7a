// SPDX-License-Identifier: Apache-2.0
// What a Specific Character Set (0008,0005) says, whatever its spelling. Devices write "ISO_IR100",
// "iso_ir 100", "UTF-8" and "EUC-KR"; each names one set only, and is read as that one. Pure.
#pragma once

#include <string>
#include <string_view>

namespace bucky {

struct CharacterSet {
    /// Defined terms of PS3.3 C.12.1.1.2, as DCMTK knows them: "ISO_IR 100", "GB18030",
    /// "ISO 2022 IR 13\\ISO 2022 IR 87". Empty: ASCII, or nothing that names a set.
    std::string terms;
    bool utf8 = false;     ///< it names UTF-8, perhaps beside others, which the standard forbids
    std::string encoding;  ///< of a set that DCMTK does not decode, for iconv: "ISO-8859-15"
    bool assumed = false;  ///< its text lacks the escape sequence that would call it

    bool is_silent() const { return terms.empty() && !utf8 && encoding.empty(); }
};

/// in   the attribute as it stands, values separated by a backslash; whether the text that it is
///      about has ISO 2022 escape sequences: without them it is in the first set that has
///      characters beyond ASCII (PS3.5 6.1.2.4)
/// out  the sets that it names. A value that names none is ignored
CharacterSet character_set_of(std::string_view said, bool has_escapes);

}  // namespace bucky
