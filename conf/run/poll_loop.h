// SPDX-License-Identifier: Apache-2.0
// PollLoop: a thread that takes due work from the database, from start to stop.
//
// It does one piece of work after the other, then waits for a ring, for the next due time, or for a
// poll period. An error that is not a job's (database, disk) is reported and followed by a pause;
// the lease of the work at hand expires, and the work becomes due again.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"

namespace bucky {

struct PollLoop {
    std::function<bool()> once;  ///< false: there was nothing to do
    std::function<std::optional<std::int64_t>()> next_due_ms;
    std::function<void(const std::exception&)> trouble;
    std::chrono::milliseconds poll_period{1000};  ///< the longest delay by a lost ring
};

void run_loop(const PollLoop& loop, const std::stop_token& stop, const Clock& clock, Wakeup& work);

}  // namespace bucky
