// SPDX-License-Identifier: Apache-2.0
// What every worker of the pipeline does between its jobs: wait for work, judge whether a fault may
// pass, try again later, and notice jobs that end the process.
// Pure but for work_until(), which is a worker's thread from start to stop.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/run/wakeup.h"
#include "storage/job_queue.h"

namespace bucky {

/// A job in which the process died so often is not tried again: a decoder that crashes on one image
/// would otherwise keep the node from all other work for ever. More often than chance has it: where
/// the power fails again and again, one job is met three times in a row.
inline constexpr int kDeathsMax = 8;

/// recover() returns what a dead process held, so a lease only guards against a thread that hangs:
/// longer than the slowest model on the slowest machine.
inline constexpr std::int64_t kLeaseMs = 30 * 60 * 1000;

/// The job runner's edge: can a later try mend it?
bool may_pass(Fault fault);

/// What the system says when it has no memory, thread, process or descriptor left is exhausted.
Fault fault_of(const std::exception& error);

/// The image or the machine: the image, when a decoder came to its end over it.
storage::Blame blame_of(const std::exception& error);

/// The longest that next_try_ms() lets a job wait.
std::int64_t longest_wait_ms();

/// When to try again after this attempt.
std::int64_t next_try_ms(const Clock& clock, int attempt);

/// How many tries fit into so many hours, by the waits between them. Hours are counted in tries, so
/// that a clock that is set, or a node that is off for a week, gives nothing up.
int tries_within(std::int64_t hours);

/// kDeathsMax processes have ended while they worked on it. Other failures do not count.
bool ends_the_process(const storage::Job& job);

/// A job whose end the database did not take (a full disk, most likely) is given back as soon as it
/// does again, long before its lease runs out.
void give_back_unsettled(storage::JobQueue& jobs, const Clock& clock,
                         std::optional<storage::Job>& unsettled);

/// PollLoop (conf/run/poll_loop.h) whose trouble goes to the log.
void work_until(std::stop_token stop, const Clock& clock, Wakeup& work,
                const std::function<bool()>& once,
                const std::function<std::optional<std::int64_t>()>& next_due_ms);

}  // namespace bucky
