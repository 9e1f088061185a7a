// SPDX-License-Identifier: Apache-2.0
// The data set that follows a command, on its way into a file.
//
// It is always read to its end, whatever is wrong with it or with our disk: a fault costs one
// instance, not the rest of the study. DCMTK's own function aborts the association when its stream
// refuses bytes, and at a fragment of an odd length (PS3.8 9.3.5.1 wants even ones). Used by the
// session's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "conf/base/error.h"
#include "conf/base/scratch_file.h"

namespace bucky::scp {

class IncomingDataset {
public:
    /// Writes up to the given number of bytes to `to` (nullptr: discards them).
    IncomingDataset(ScratchFile* to, std::uint64_t bytes_max) : to_(to), bytes_max_(bytes_max) {}

    void take(std::span<const std::uint8_t> fragment);

    /// The first failure; it is kept for the answer.
    const std::optional<Error>& failure() const noexcept { return failure_; }
    std::uint64_t taken() const noexcept { return taken_; }

private:
    ScratchFile* to_;
    std::uint64_t bytes_max_;
    std::optional<Error> failure_;
    std::uint64_t taken_ = 0;
};

/// Gives every fragment to `into`, up to the last. `context`: the presentation context that they
/// came in. The condition is bad when the association is lost or the peer breaks the protocol.
OFCondition receive_dataset(T_ASC_Association& assoc, int timeout_s,
                            T_ASC_PresentationContextID& context, IncomingDataset& into);

/// Every element has an even length (PS3.5 7.1). Only deflated bytes end anywhere (A.5).
/// Throws bad_input for a data set of an odd length.
void must_be_even(const IncomingDataset& received, std::string_view transfer_syntax);

}  // namespace bucky::scp
