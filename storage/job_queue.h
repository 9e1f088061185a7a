// SPDX-License-Identifier: Apache-2.0
// JobQueue: who works on what, in the database, so that a crash forgets nothing.
//
// Lanes: "infer" (subject: instance id), "report" (subject: study UID), "deliver:<destination>"
// (subject: result UID). A claimed job is leased; a worker that dies loses the lease and the job is
// ready again. A lease ends with its process, so it is measured on the steady clock. A job that is
// due later than any wait that the config allows was dated by another clock: it is due now. Per
// lane and subject there is at most one job that is not done. The steps are those of job_state.h; a
// worker whose lease was lost changes nothing and is told so (false). Threads: one JobQueue per
// worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <functional>
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
    std::string study;  ///< its key: study_key.h
    JobState state = JobState::ready;
    int attempt = 0;  ///< counts claims, from 1; starts again when a person resubmits it
    std::int64_t created_at_ms = 0;
    std::int64_t submitted_at_ms = 0;  ///< created, or resubmitted: giving up counts from here
    std::int64_t not_before_ms = 0;
    std::string last_error;
    std::string model;   ///< the only one that may do it; empty: any
    int deaths = 0;      ///< processes that ended while they worked on it; recover() counts them
    int own_faults = 0;  ///< failures that its subject may have caused; both as `attempt` begins
};

/// What a failure says of the job: that its subject (an image, say) may have caused it, or that the
/// machine did (no memory, no process, a device that is gone).
enum class Blame { machine, subject };

/// Of jobs that fail, nobody counts more at each look.
inline constexpr std::int64_t kFailingCounted = 1000;

/// One line of the backlog: what waits in a lane, and since when.
struct Backlog {
    std::string lane;
    std::int64_t ready = 0, running = 0, parked = 0, done = 0;
    std::int64_t oldest_waiting_ms = 0;  ///< created_at of the oldest not done; 0 when none
    std::string last_error;              ///< of the job that failed last
    std::int64_t failing = 0;            ///< of ready: failed before; no more than kFailingCounted
};

class JobQueue {
public:
    /// No config allows a longer wait than the default (destination.commitment_timeout_s).
    static constexpr std::int64_t kLongestWaitMs = 8LL * 24 * 3600 * 1000;

    /// `longest_wait_ms`: how far ahead a job of the lanes that are claimed here can be due. What
    /// recovery makes wait (recover.cpp) never counts as too far.
    JobQueue(Database& db, const Clock& clock, std::int64_t longest_wait_ms = kLongestWaitMs)
        : db_(db), clock_(clock), longest_wait_ms_(longest_wait_ms) {}

    /// The job of this lane whose turn it is (turns.h), leased for lease_ms; nothing when none is
    /// due. Within a tenant oldest due first, then by id. Leases of the lane that have run out are
    /// returned first.
    std::optional<Job> claim(std::string_view lane, std::int64_t lease_ms);

    /// The same, in a "deliver:" lane, among the jobs created at `since_ms` or later; of a tenant
    /// the one created first, however often it was tried.
    std::optional<Job> claim_new(std::string_view lane, std::int64_t lease_ms,
                                 std::int64_t since_ms);

    /// The due job that was created first, whoever's it is, if that was before `before_ms`.
    std::optional<Job> claim_oldest(std::string_view lane, std::int64_t lease_ms,
                                    std::int64_t before_ms);

    /// False, here and below: the lease was lost and the job is somebody else's; nothing changed.
    /// Inside an open transaction these are part of it.
    bool finish(const Job& job);

    /// Failed for now: ready again not before `not_before_ms`, with the words kept.
    bool retry_later(const Job& job, std::int64_t not_before_ms, std::string_view why,
                     Blame blame = Blame::machine);

    /// Given up: waits for a person, with the words kept.
    bool park(const Job& job, std::string_view why);

    /// Notes when nothing is left to do for a study: it is reported, no job of it is open, and each
    /// result has gone everywhere it should. From then on it may leave (retention.h). finish() does
    /// it too. Inside an open transaction.
    void settle(std::string_view study);

    /// How many jobs of a lane are not done, without counting them.
    std::int64_t open(std::string_view lane);

    /// Results of a study that a destination refused are due again: for a sender who comes again.
    /// Inside an open transaction. Returns how many.
    std::int64_t resubmit_refused(std::string_view study);

    /// Parked (and waiting) jobs of a lane, or of all lanes when empty, are due now. Returns how
    /// many.
    enum class Resubmit { parked, parked_and_waiting };
    std::int64_t resubmit(std::string_view lane, Resubmit which = Resubmit::parked_and_waiting);
    std::int64_t resubmit_study(std::string_view study);  ///< the same for the jobs of one study

    /// When the next ready job of this lane is due; nothing when no job of the lane is ready.
    std::optional<std::int64_t> next_due_ms(std::string_view lane);

    /// Of every lane that ever had a job. Each number is kept or at the end of an index: the cost
    /// does not grow with what waits.
    std::vector<Backlog> backlog();
    std::vector<Job> jobs_of_study(std::string_view study);

    /// What waits for a person, oldest first, with the words why; of all lanes when `lane` is
    /// empty.
    std::vector<Job> parked(std::string_view lane, std::int64_t at_most);

private:
    using Choose = std::function<std::optional<std::int64_t>(std::int64_t now_ms)>;
    std::optional<Job> claim_chosen(std::string_view lane, std::int64_t lease_ms,
                                    const Choose& choose);
    std::int64_t waits_since(std::string_view lane);
    bool leave(const Job& job, JobEvent event, std::int64_t not_before_ms, std::string_view why,
               Blame blame = Blame::machine);

    Database& db_;
    const Clock& clock_;
    std::int64_t longest_wait_ms_;
};

/// How long to wait after `attempt`: doubling from `first_ms`, capped at `cap_ms`, then spread by
/// +-20 % (`dice` 0..1) so that a thousand jobs do not come back in one second.
std::int64_t back_off_ms(int attempt, std::int64_t first_ms, std::int64_t cap_ms, double dice);

/// The longest that back_off_ms() says.
std::int64_t longest_back_off_ms(std::int64_t cap_ms);

}  // namespace bucky::storage
