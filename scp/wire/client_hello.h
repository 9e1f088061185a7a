// SPDX-License-Identifier: Apache-2.0
// peek_hello() checks whether the first record of a TLS handshake has arrived in full, as peek()
// does for the A-ASSOCIATE-RQ. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "scp/wire/associate_request.h"

namespace bucky::scp {

/// RFC 8446 5.1: type 22, version 3.x, two bytes of length, at most 16 KiB in a record.
Peek peek_hello(std::span<const std::uint8_t> so_far);

}  // namespace bucky::scp
