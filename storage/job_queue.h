// SPDX-License-Identifier: Apache-2.0
// JobQueue: jobs and their leases in the database, so that a crash loses none.
//
// lane.h names the lanes and their subjects. A claimed job is leased; if its worker dies, the lease
// expires and the job is ready again. A lease ends with its process, so it is measured on the
// steady clock. A job that is due later than any wait that the config allows was dated by a wrong
// clock, so it is due now. Per lane and subject there is at most one job that is not done. The
// steps are those of job_state.h. A worker whose lease was lost changes nothing and gets false.
// Threads: one JobQueue per worker, over that worker's Database.
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
#include "storage/lane.h"
#include "storage/turns.h"

namespace bucky::storage {

struct Job {
    std::int64_t id = 0;
    Lane lane;
    std::string subject;
    std::string study;  ///< its key: study_key.h
    JobState state = JobState::ready;
    int attempt = 0;  ///< counts claims, from 1; restarts when a person resubmits it
    std::int64_t created_at_ms = 0;
    std::int64_t submitted_at_ms = 0;  ///< created or resubmitted: give_up_days count from here
    std::int64_t not_before_ms = 0;
    std::string last_error;
    std::string model;   ///< the only model that may run; empty: any
    int deaths = 0;      ///< crashes during the job; recover() counts them
    int own_faults = 0;  ///< failures that its subject may have caused; restarts like `attempt`
};

/// The cause of a failure: the job's subject (an image, say), or the machine (no memory, no
/// process, a device that is gone). nobody: the job was not tried at all, since nobody was there to
/// do it; the claim does not count as an attempt.
enum class Blame { machine, subject, nobody };

/// Failed jobs are counted up to this number at each look.
inline constexpr std::int64_t kFailingCounted = 1000;

/// One line of the backlog: the open jobs of a lane, and how old they are.
struct Backlog {
    Lane lane;
    std::int64_t ready = 0, running = 0, parked = 0, done = 0;
    std::int64_t oldest_waiting_ms = 0;  ///< created_at of the oldest open job; 0: none
    std::string last_error;              ///< of the job that failed last
    std::int64_t failing = 0;            ///< ready jobs that failed before; at most kFailingCounted
};

class JobQueue {
public:
    /// No config allows a longer wait than the default (destination.commitment_timeout_s).
    static constexpr std::int64_t kLongestWaitMs = 8LL * 24 * 3600 * 1000;

    /// `longest_wait_ms`: how far ahead a job of the claimed lanes can be due. The waits of
    /// recover.cpp never count as too far.
    JobQueue(Database& db, const Clock& clock, std::int64_t longest_wait_ms = kLongestWaitMs)
        : db_(db), clock_(clock), longest_wait_ms_(longest_wait_ms) {}

    /// Claims the job of this lane whose turn it is (turns.h), leased for lease_ms; nothing when
    /// none is due. Expired leases of the lane are returned first.
    std::optional<Job> claim(const Lane& lane, std::int64_t lease_ms,
                             Order order = Order::longest_due);

    /// The same in a deliver lane, among the jobs created at `since_ms` or later; of a tenant
    /// the one created first, however often it was tried.
    std::optional<Job> claim_new(const Lane& lane, std::int64_t lease_ms, std::int64_t since_ms);

    /// Claims the due job that was created first, of any tenant, if that was before `before_ms`.
    std::optional<Job> claim_oldest(const Lane& lane, std::int64_t lease_ms,
                                    std::int64_t before_ms);

    /// False, here and below: the lease was lost and the job belongs to another worker; nothing
    /// changed. If a transaction is open, these are part of it.
    bool finish(const Job& job);

    /// Failed for now: ready again not before `not_before_ms`; the words are stored.
    bool retry_later(const Job& job, std::int64_t not_before_ms, std::string_view why,
                     Blame blame = Blame::machine);

    /// Given up: waits for a person; the words are stored.
    bool park(const Job& job, std::string_view why);

    /// Marks a study as settled when it is reported, no job of it is open, and every result was
    /// delivered everywhere. From then on it may be removed (retention.h). finish() calls it, too.
    /// Requires an open transaction.
    void settle(std::string_view study);

    /// The number of open jobs of a lane, kept and not counted.
    std::int64_t open(const Lane& lane);

    /// Makes the refused results of a study due again, because its sender has sent again. Requires
    /// an open transaction. Returns how many.
    std::int64_t resubmit_refused(std::string_view study);

    /// Makes parked and waiting jobs due now: of a lane, of all lanes, or of a study. Returns how
    /// many.
    enum class Resubmit { parked, parked_and_waiting };
    std::int64_t resubmit(const Lane& lane, Resubmit which = Resubmit::parked_and_waiting);
    std::int64_t resubmit_all(Resubmit which = Resubmit::parked_and_waiting);
    std::int64_t resubmit_study(std::string_view study);

    /// When the next ready job of this lane is due; nothing when none is ready.
    std::optional<std::int64_t> next_due_ms(const Lane& lane);

    /// The backlog of every lane that ever had a job. Each number is stored or at the end of an
    /// index, so the cost does not grow with the backlog.
    std::vector<Backlog> backlog();
    std::vector<Job> jobs_of_study(std::string_view study);

    /// Parked jobs, oldest first, with the reason.
    std::vector<Job> parked(const Lane& lane, std::int64_t at_most);
    std::vector<Job> parked(std::int64_t at_most);  ///< of all lanes

private:
    using Choose = std::function<std::optional<std::int64_t>(std::int64_t now_ms)>;
    std::optional<Job> claim_chosen(std::string_view lane, std::int64_t lease_ms,
                                    const Choose& choose);
    std::int64_t resubmit_by(const Sql& sql, std::string_view lane, Resubmit which);
    std::vector<Job> parked_in(std::string_view lane, std::int64_t at_most);
    std::int64_t waits_since(std::string_view lane);
    bool leave(const Job& job, JobEvent event, std::int64_t not_before_ms, std::string_view why,
               Blame blame = Blame::machine);

    Database& db_;
    const Clock& clock_;
    std::int64_t longest_wait_ms_;
};

}  // namespace bucky::storage
