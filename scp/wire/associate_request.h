// SPDX-License-Identifier: Apache-2.0
// peek() examines the first bytes of a connection: the beginning of an A-ASSOCIATE-RQ, a whole one,
// or something that is not DICOM. It checks only type and length; DCMTK parses the rest once it has
// arrived in full.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bucky::scp {

struct Peek {
    enum class Kind { more, whole, wrong } kind;
    std::size_t bytes = 0;  ///< for `more`: the bytes needed in all, as far as is known
    std::string_view why;   ///< for `wrong`: the reason, such as "not_dicom"
};

/// src  PS3.8 9.3.1 (PDU header), 9.3.2 (A-ASSOCIATE-RQ)
Peek peek(std::span<const std::uint8_t> so_far);

}  // namespace bucky::scp
