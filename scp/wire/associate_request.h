// SPDX-License-Identifier: Apache-2.0
// peek() looks at the first bytes of a connection: the beginning of an A-ASSOCIATE-RQ, a whole one,
// or something that is no business of ours. It judges no more than type and length; the rest is
// DCMTK's to parse, once it has arrived in full.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bucky::scp {

struct Peek {
    enum class Kind { more, whole, wrong } kind;
    std::size_t bytes = 0;  ///< more: so many are wanted in all, as far as can be told
    std::string_view why;   ///< wrong: in a word, such as "not_dicom"
};

/// src  PS3.8 9.3.1 (PDU header), 9.3.2 (A-ASSOCIATE-RQ)
Peek peek(std::span<const std::uint8_t> so_far);

}  // namespace bucky::scp
