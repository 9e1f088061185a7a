// SPDX-License-Identifier: Apache-2.0
// The parts that all workers of the pipeline share: wait for work, judge whether a fault may pass,
// try again later, and notice jobs that end the process. Pure except work_until(), which is a
// worker's thread from start to stop.
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

/// A job is not tried again after this many deaths of the process: a decoder that crashes on one
/// image would otherwise block all other work for ever. The number is above what chance gives:
/// repeated power failures can hit one job three times in a row.
inline constexpr int kDeathsMax = 8;

/// recover() returns the jobs of a dead process, so a lease only guards against a thread that
/// hangs: it is longer than the slowest model on the slowest machine needs.
inline constexpr std::int64_t kLeaseMs = 30 * 60 * 1000;

/// Whether a later try can succeed: the job runner's translation of a Fault.
bool may_pass(Fault fault);

/// Errors of the system for a lack of memory, threads, processes or descriptors are `exhausted`.
Fault fault_of(const std::exception& error);

/// Blames the image when its decoder died or failed on it, otherwise the machine.
storage::Blame blame_of(const std::exception& error);

/// The longest that next_try_ms() lets a job wait.
std::int64_t longest_wait_ms();

/// The time of the next try after this attempt.
std::int64_t next_try_ms(const Clock& clock, int attempt);

/// The number of tries within `hours`, by the waits between them. Hours are counted in tries, so
/// that a change of the clock, or a node that is off for a week, ends nothing.
int tries_within(std::int64_t hours);

/// Whether kDeathsMax processes have ended while they worked on this job. Other failures do not
/// count.
bool ends_the_process(const storage::Job& job);

/// A job whose end could not be written (mostly a full disk) is returned as soon as the database
/// works again, long before its lease runs out.
void give_back_unsettled(storage::JobQueue& jobs, const Clock& clock,
                         std::optional<storage::Job>& unsettled);

/// PollLoop (conf/run/poll_loop.h) with its errors in the log.
void work_until(std::stop_token stop, const Clock& clock, Wakeup& work,
                const std::function<bool()>& once,
                const std::function<std::optional<std::int64_t>()>& next_due_ms);

}  // namespace bucky
