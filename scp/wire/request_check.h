// SPDX-License-Identifier: Apache-2.0
// check_request() walks an A-ASSOCIATE-RQ that is whole by its length before DCMTK parses it: what
// DCMTK 3.6.7 finds wrong it leaves half parsed in memory, up to a megabyte a time, and says in
// words that nobody who has to mend a modality understands.
#pragma once

#include <cstdint>
#include <span>

namespace bucky::scp {

/// Throws bad_input, in words for the admin, when an item contradicts its length, is longer than
/// DCMTK has room for, or lacks what it must have. What is merely unknown is let pass.
///   src  PS3.8 9.3.2 (A-ASSOCIATE-RQ), D.1; PS3.7 D.3.3 (user information)
void check_request(std::span<const std::uint8_t> request);

}  // namespace bucky::scp
