// SPDX-License-Identifier: Apache-2.0
// Text that peers send is stored up to a fixed length, and never cut inside a character.
#pragma once

#include <string_view>

#include "conf/base/limits.h"

namespace bucky::storage {

/// The beginning of `words`, at most limits::kWordsMax bytes, never ending within a UTF-8
/// character.
constexpr std::string_view limited(std::string_view words) {
    if (words.size() <= limits::kWordsMax) return words;
    auto end = limits::kWordsMax;
    while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) --end;
    return words.substr(0, end);
}

}  // namespace bucky::storage
