// SPDX-License-Identifier: Apache-2.0
// AbandonedLanes: removes the jobs of a destination that the config does not name any more, when a
// person requests it: they are dropped, or moved to another destination.
//
// The end of each result is in the journal of its study, in one transaction with the job's. A
// running job is not touched. Many jobs take many transactions, so that a running node can write in
// between. Threads: one AbandonedLanes per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/lane.h"

namespace bucky::storage {

class AbandonedLanes {
public:
    AbandonedLanes(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    struct Outcome {
        std::int64_t left = 0;      ///< removed from the lane
        std::int64_t had_it = 0;    ///< of these: the other destination has or gets it already
        std::int64_t withheld = 0;  ///< may not go there: still in the lane
    };

    /// Drops deliveries, or requests for storage commitment, of the lane. Dropped results do not
    /// prevent the removal of their study (retention.h).
    Outcome drop(const Lane& lane);

    /// Moves deliveries, which become due at once. `may_go`: whether this study's results may go
    /// there.
    Outcome move(const Lane& from, std::string_view to_destination,
                 const std::function<bool(const std::string& study)>& may_go);

private:
    struct Waiting {
        std::int64_t id;
        std::string subject, study;
    };
    using Leave = std::function<void(const Waiting&, Outcome&)>;
    Outcome each(const Lane& lane, const Leave& leave);
    bool take_out(const Waiting& job);

    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
