// SPDX-License-Identifier: Apache-2.0
// queue_shape(): the backlog by lane and age, like Postfix's qshape. Many old jobs in the lane of a
// destination show that the destination is in trouble. Reads open jobs only, never history.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/lane.h"

namespace bucky::storage {

/// The upper ends of the age classes. One more class holds what is older than the last.
inline constexpr std::array<std::int64_t, 6> kAgesMs{60'000,     900'000,    3'600'000,
                                                     14'400'000, 86'400'000, 604'800'000};

struct LaneShape {
    Lane lane;
    std::int64_t open = 0;                                  ///< ready, running or parked
    std::int64_t parked = 0;                                ///< included in `open`
    std::array<std::int64_t, kAgesMs.size() + 1> by_age{};  ///< youngest first
};

/// One row per lane with open jobs, sorted by name.
std::vector<LaneShape> queue_shape(Database& db, const Clock& clock);

std::span<const Sql> queue_shape_statements();  ///< as in statements.h

}  // namespace bucky::storage
