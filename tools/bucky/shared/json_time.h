// SPDX-License-Identifier: Apache-2.0
// Times in what commands print as JSON.
#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include "conf/base/clock.h"

namespace bucky {

/// UTC, ISO 8601; null for 0, which is "not yet".
inline nlohmann::json json_time(std::int64_t at_ms) {
    return at_ms > 0 ? nlohmann::json(iso_utc(at_ms)) : nlohmann::json(nullptr);
}

}  // namespace bucky
