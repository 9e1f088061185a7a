// SPDX-License-Identifier: Apache-2.0
// JobQueue: who works on what, in the database, so that a crash forgets nothing.
//
// Lanes: "infer" (subject: instance id), "report" (subject: study UID), "deliver:<destination>"
// (subject: result UID). A claimed job is leased; a worker that dies loses the lease and the job is
// ready again. Threads: one JobQueue per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/job_state.h"

namespace bucky::storage {

struct Job {
    std::int64_t id = 0;
    std::string lane;
    std::string subject;
    std::string study;
    JobState state = JobState::ready;
    int attempt = 0;  ///< counts claims, from 1
    std::int64_t created_at_ms = 0;
    std::int64_t not_before_ms = 0;
    std::string last_error;
};

/// One line of the backlog: what waits in a lane, and since when.
struct Backlog {
    std::string lane;
    std::int64_t ready = 0, running = 0, parked = 0, done = 0;
    std::int64_t oldest_waiting_ms = 0;  ///< created_at of the oldest not done; 0 when none
    std::string last_error;              ///< of the job that failed last
};

class JobQueue {
public:
    JobQueue(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    /// The job of this lane that is due longest, leased for lease_ms; nothing when none is due.
    /// `after_subject`...: oldest due first, then by id.
    std::optional<Job> claim(std::string_view lane, std::int64_t lease_ms);

    void finish(const Job& job);

    /// Failed for now: ready again not before `not_before_ms`, with the words kept.
    void retry_later(const Job& job, std::int64_t not_before_ms, std::string_view why);

    /// Given up: waits for a person, with the words kept.
    void park(const Job& job, std::string_view why);

    /// Parked (or waiting) jobs of a lane, or of all lanes when empty, are due now. Returns how many.
    std::int64_t resubmit(std::string_view lane);

    /// When the next ready job of this lane is due; nothing when the lane is empty.
    std::optional<std::int64_t> next_due_ms(std::string_view lane);

    std::vector<Backlog> backlog();
    std::vector<Job> jobs_of_study(std::string_view study);

private:
    Database& db_;
    const Clock& clock_;
};

/// When to try again: doubling from `first_ms`, capped at `cap_ms`, spread by +-20 % (`dice` 0..1)
/// so that a thousand jobs do not come back in one second.
std::int64_t back_off_ms(int attempt, std::int64_t first_ms, std::int64_t cap_ms, double dice);

}  // namespace bucky::storage
