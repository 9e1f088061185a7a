// SPDX-License-Identifier: Apache-2.0
// claim_created(): a claim by when a job was made, not by when it is due. What waits behind a
// destination that was away is an old backlog and a few new results, and each has its own order:
// the one that has waited longest first, however often it was tried.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/job_queue.h"

namespace bucky::storage {

/// Of the jobs of this lane created in [from_ms, before_ms) and due, the one created first, leased
/// for lease_ms. Leases of the lane that have run out are returned first, as JobQueue::claim does.
std::optional<Job> claim_created(Database& db, const Clock& clock, std::string_view lane,
                                 std::int64_t lease_ms, std::int64_t from_ms,
                                 std::int64_t before_ms);

std::span<const Sql> backlog_statements();  ///< as in statements.h

}  // namespace bucky::storage
