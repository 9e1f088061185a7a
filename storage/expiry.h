// SPDX-License-Identifier: Apache-2.0
// Expiry: whether anything may be deleted or given up because of its age.
//
// Ages are differences of wall times, and a wall clock can be wrong. So no age counts within an
// hour of a step of the clock (conf/base/clock_steps.h), nor while the clock is earlier than the
// last row that the node wrote. A node that was off cannot see a step, so it also waits an hour
// after a gap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

bool may_expire(Database& db, const Clock& clock);

/// When the newest row of images and of the journal was written; nothing: there is none.
std::optional<std::int64_t> newest_row_ms(Database& db);

/// For the admin: the clock is earlier than the newest row. Empty: it is not.
std::string clock_behind(Database& db, const Clock& clock);

/// At a start. The clock may have been set while no process saw it, or the process that saw it may
/// have been killed at once: so ages do not count for the first hour of any process.
void doubt_at_start(const Clock& clock);

}  // namespace bucky::storage
