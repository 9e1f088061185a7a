// SPDX-License-Identifier: Apache-2.0
// The characters that are written to a log or a terminal unchanged. Text of peers must not control
// it: no C0 or C1 control, no Unicode line separator, no change of the writing direction, and no
// invalid UTF-8, which a terminal may read as Latin-1 with its controls. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace bucky {

/// The number of bytes of the first character of `text` if it may be written; else 0.
std::size_t printable_bytes(std::string_view text);

}  // namespace bucky
