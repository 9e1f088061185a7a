// SPDX-License-Identifier: Apache-2.0
// Which characters may reach a log or a terminal as they are. What peers say must not steer one: no
// C0 or C1 control, no line of Unicode's own, no turning of the writing direction, and nothing that
// is no UTF-8, which a terminal may read as Latin-1 and its controls. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace bucky {

/// How many bytes the first character of `text` has, when it may be shown; else 0.
std::size_t printable_bytes(std::string_view text);

}  // namespace bucky
