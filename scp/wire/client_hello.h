// SPDX-License-Identifier: Apache-2.0
// peek_hello() tells, from the first bytes of a connection, whether the first record of a TLS
// handshake has come whole: as peek() does for the A-ASSOCIATE-RQ. Pure.
#pragma once

#include <cstdint>
#include <span>

#include "scp/wire/associate_request.h"

namespace bucky::scp {

/// RFC 8446 5.1: type 22, version 3.x, two bytes of length; no record has more than 16 KiB.
Peek peek_hello(std::span<const std::uint8_t> so_far);

}  // namespace bucky::scp
