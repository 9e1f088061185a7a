// SPDX-License-Identifier: Apache-2.0
// PollLoop: the life of a thread that takes what is due from the database, from start to stop.
//
// It does one thing after the other while there is any, then waits for a ring, for the next due
// time, or for a poll period. Trouble that is no job's (the database, the disk) is told and waited
// out: what it met keeps its lease, then returns.
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
    std::chrono::milliseconds poll_period{1000};  ///< what a lost ring costs at most
};

void run_loop(const PollLoop& loop, const std::stop_token& stop, const Clock& clock, Wakeup& work);

}  // namespace bucky
