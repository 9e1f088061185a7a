// SPDX-License-Identifier: Apache-2.0
// Converts the text of our results to the Specific Character Set that an archive wants.
#pragma once

#include <optional>
#include <string>
#include <string_view>

class DcmDataset;

namespace bucky {

/// KS X 1001 with code extensions, the set of older Korean archives: the term of the config. The
/// attribute then has two values, `\ISO 2022 IR 149`: ASCII stands in the lower half.
inline constexpr std::string_view kKoreanSet = "ISO 2022 IR 149";

/// in   UTF-8; the characters after which the designation ends beside control characters
///      ("\\" of a value with several, "\\^=" of a PN, "" of ST, LT and UT)
/// out  ASCII and KS X 1001, "ESC $ ) C" before the first Korean character of each part; nullopt
///      if a character is in neither (CP949 has 8,822 syllables more than KS X 1001)
/// src  PS3.5 6.1.2.5.3, Annex I
std::optional<std::string> in_korean_set(std::string_view utf8, std::string_view delimiters);

/// in   a dataset in UTF-8 or ASCII; a Defined Term of PS3.3 C.12.1.1.2
/// out  true: all its text, that of items, too, is in that set, and (0008,0005) says so;
///      false: a character cannot be encoded. Then the dataset is of no use: part of it may have
///      been converted
bool convert_text(DcmDataset& dataset, const std::string& character_set);

}  // namespace bucky
