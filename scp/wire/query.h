// SPDX-License-Identifier: Apache-2.0
// The messages of Query/Retrieve as its client, study root (PS3.4 Annex C): C-FIND and C-MOVE.
//
// An archive may answer without end, never, or with anything. So the number of answers, the size of
// each and the time for all of them are limited, and no parser sees an answer: DatasetWalk takes
// the wanted values from its bytes. Used by the association's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "conf/base/ids.h"
#include "scp/wire/association.h"

namespace bucky::scp {

inline constexpr std::string_view kFindClass = "1.2.840.10008.5.1.4.1.2.2.1";
inline constexpr std::string_view kMoveClass = "1.2.840.10008.5.1.4.1.2.2.2";

/// Values by tag (dataset_tags.h), without padding. In a request, an empty value asks for the
/// attribute and matches everything (PS3.4 C.2.2.2.3).
using Identifier = std::map<std::uint32_t, std::string>;

struct FindLimits {
    std::size_t answers = 10'000;
    std::chrono::seconds wait{60};  ///< for each answer
    std::chrono::seconds all{600};  ///< for all of them
};

/// C-FIND (PS3.7 9.1.2): calls visit(answer) for each match, with the values of the request's tags.
/// Returns false when there were more than `limits.answers`: the rest is cancelled. Throws
/// unsupported when the peer refuses the query for good, otherwise unavailable; the association is
/// not usable after an exception and after false.
bool find(Association& association, const Identifier& keys, const FindLimits& limits,
          const std::function<void(const Identifier&)>& visit);

struct MoveOutcome {
    std::uint16_t status = 0;
    std::string comment;  ///< the peer's (0000,0902), if any
    unsigned completed = 0, failed = 0, warned = 0;
};

/// C-MOVE (PS3.7 9.1.4) of what `keys` names to `destination`, an AE title that the peer knows.
/// `at_most`: for the whole transfer. Throws unavailable when no final answer comes.
MoveOutcome move(Association& association, const Identifier& keys, const AeTitle& destination,
                 std::chrono::seconds at_most);

/// The final status of a C-MOVE, and what an admin can do about it (PS3.4 Table C.4-2).
std::string words_for_move_status(std::uint16_t status);

}  // namespace bucky::scp
