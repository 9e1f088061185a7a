// SPDX-License-Identifier: Apache-2.0
// check_request() walks an A-ASSOCIATE-RQ of complete length before DCMTK parses it. DCMTK 3.6.7
// leaks up to a megabyte for each malformed request, and its messages do not tell an admin what is
// wrong with the modality.
#pragma once

#include <cstdint>
#include <span>

namespace bucky::scp {

/// Throws bad_input, in words for the admin, when an item contradicts its length, is longer than
/// DCMTK's buffers, or lacks a required part. Unknown items are ignored.
///   src  PS3.8 9.3.2 (A-ASSOCIATE-RQ), D.1; PS3.7 D.3.3 (user information)
void check_request(std::span<const std::uint8_t> request);

}  // namespace bucky::scp
