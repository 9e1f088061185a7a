// SPDX-License-Identifier: Apache-2.0
// How a destination is retried, as its section of the config says.
#pragma once

#include <cstdint>

#include "conf/run/backoff.h"
#include "conf/settings.h"

namespace bucky::scp {

inline Backoff::Limits retry_limits(const conf::DestinationSettings& destination) {
    constexpr std::int64_t kSecondMs = 1000;
    return {.first_ms = destination.retry_first_s * kSecondMs,
            .cap_ms = destination.retry_cap_s * kSecondMs,
            .give_up_days = destination.give_up_days};
}

}  // namespace bucky::scp
