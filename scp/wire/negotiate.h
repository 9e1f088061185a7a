// SPDX-License-Identifier: Apache-2.0
// negotiate() answers each proposed presentation context from the contexts table.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "scp/wire/check.h"

namespace bucky::scp {

/// Accepts every context of a class in the table (and Verification) with the first transfer syntax,
/// in the proposer's order, that can be stored unchanged; the proposer is SCU. Storage Commitment
/// is accepted in the proposed role: a modality requests, a destination reports (PS3.7 D.3.3.4).
/// Refuses the others with the reason of PS3.8 9.3.3.2; user rejection means that this caller is
/// not permitted. Returns how many were accepted.
/// Classes of scp.ignore are accepted in the same way.
struct MayDo {
    bool echo = true, store = true, commit = true;
    std::span<const std::string> ignore{};  ///< scp.ignore
};
std::size_t negotiate(T_ASC_Parameters& params, const MayDo& may = {});

}  // namespace bucky::scp
