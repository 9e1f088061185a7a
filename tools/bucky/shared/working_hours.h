// SPDX-License-Identifier: Apache-2.0
// Working hours of [status], in the machine's time zone. Pure but for the time zone.
#pragma once

#include <cstdint>

#include "conf/settings.h"

namespace bucky {

/// How much of the time between the two moments (UTC) is working time. A longer span than three
/// months counts as three months.
std::int64_t working_ms_between(std::int64_t from_ms, std::int64_t to_ms,
                                const conf::StatusSettings& status);

}  // namespace bucky
