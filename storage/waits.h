// SPDX-License-Identifier: Apache-2.0
// The waits of jobs, when the clock that dated them was wrong.
#pragma once

#include <cstdint>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

/// Recovery makes a job wait for half a minute at most after crashes.
constexpr std::int64_t kRecoveryWaitsMs = 60'000;

/// After the clock was set back: a wait that was dated before would last that much longer, and
/// nobody knows which ones were. So every waiting job is due now, but for the waits of recover.cpp,
/// and those for a commitment, which JobQueue bounds. Returns how many.
std::int64_t forget_waits(Database& db, const Clock& clock);

}  // namespace bucky::storage
