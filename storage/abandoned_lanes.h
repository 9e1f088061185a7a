// SPDX-License-Identifier: Apache-2.0
// AbandonedLanes: what waits for a destination that the config names no more leaves its lane
// because a person said so: dropped, or moved to another destination.
//
// Each result's end is in the journal of its study, in one transaction with the job's. A job that
// runs is left alone. Many jobs are many transactions, so a node that runs beside has its turns.
// Threads: one AbandonedLanes per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

/// The journal's word for a result that a person dropped: it is owed to nobody.
inline constexpr std::string_view kDroppedEvent = "result.dropped";

class AbandonedLanes {
public:
    AbandonedLanes(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    struct Outcome {
        std::int64_t left = 0;      ///< the lane
        std::int64_t had_it = 0;    ///< of these: the other destination has, or gets, it already
        std::int64_t withheld = 0;  ///< may not go there: still in the lane
    };

    /// Deliveries, or requests for storage commitment, of the lane. What a person dropped no longer
    /// keeps its study from leaving (retention.h).
    Outcome drop(std::string_view lane);

    /// Deliveries, which are due at once. `may_go`: whether this study's results may go there.
    Outcome move(std::string_view from_lane, std::string_view to_destination,
                 const std::function<bool(const std::string& study)>& may_go);

private:
    struct Waiting {
        std::int64_t id;
        std::string subject, study;
    };
    using Leave = std::function<void(const Waiting&, Outcome&)>;
    Outcome each(std::string_view lane, const Leave& leave);
    bool take_out(const Waiting& job);

    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
