// SPDX-License-Identifier: Apache-2.0
#include "storage/job_queue.h"

#include <algorithm>

#include "conf/base/error.h"
#include "storage/statements.h"
#include "storage/waits.h"
#include "storage/words.h"

namespace bucky::storage {
namespace {

// The states are literals in the WHERE clauses, because the partial indexes require it. Where one
// statement serves several steps, next() gives the new state.

constexpr Sql kAnythingToClaim{"job.anything_to_claim", R"sql(
    SELECT EXISTS (SELECT 1 FROM job
                    WHERE lane = :lane AND state = 'ready' AND not_before_ms <= :now_ms)
        OR EXISTS (SELECT 1 FROM job
                    WHERE lane = :lane AND state = 'ready' AND not_before_ms > :farthest_ms)
        OR EXISTS (SELECT 1 FROM job INDEXED BY job_running
                    WHERE state = 'running' AND lease_until_ms <= :steady_ms
                      AND lane = :lane))sql"};

constexpr Sql kBoundWaits{"job.bound_waits", R"sql(
    UPDATE job INDEXED BY job_ready SET not_before_ms = :now_ms
     WHERE lane = :lane AND state = 'ready' AND not_before_ms > :farthest_ms)sql"};

constexpr Sql kExpireLeases{"job.expire_leases", R"sql(
    UPDATE job INDEXED BY job_running
       SET state = 'ready', lease_until_ms = 0, ended_at_ms = :now_ms,
           last_error = 'its worker did not finish in time'
     WHERE state = 'running' AND lease_until_ms <= :steady_ms AND lane = :lane)sql"};

constexpr Sql kOldest{"job.oldest", R"sql(
    SELECT id FROM job INDEXED BY job_by_age
     WHERE lane = :lane AND state = 'ready' AND created_at_ms < :before_ms
       AND not_before_ms <= :now_ms
     ORDER BY created_at_ms, id LIMIT 1)sql"};

constexpr Sql kClaim{"job.claim", R"sql(
    UPDATE job SET state = 'running', attempt = attempt + 1, lease_until_ms = :lease_until_ms
     WHERE id = :id
    RETURNING id, lane, subject, study, state, attempt, created_at_ms, submitted_at_ms,
              not_before_ms, last_error, model, deaths, own_faults)sql"};

constexpr Sql kLeave{"job.leave", R"sql(
    UPDATE job
       SET state = :to, not_before_ms = :not_before_ms, lease_until_ms = 0, ended_at_ms = :now_ms,
           last_error = :why, attempt = attempt - :not_tried,
           own_faults = own_faults + :own_faults
     WHERE id = :id AND state = 'running' AND attempt = :attempt
       AND created_at_ms = :created_at_ms -- ids of jobs that have left are given again
    )sql"};

constexpr Sql kCountDone{"job.count_done", R"sql(
    INSERT INTO tally (lane, done) VALUES (:lane, 1)
    ON CONFLICT (lane) DO UPDATE SET done = done + 1)sql"};

// Delivered: each result had a deliver job, and none is open. Without a destination a result stays.
// A result that its only destination refused in that class (Outbox::make_again), or that a person
// dropped (AbandonedLanes), is not owed to any destination.
constexpr Sql kSettle{"job.settle", R"sql(
    UPDATE study SET settled_at_ms = :now_ms
     WHERE key = :study AND state = 'reported'
       AND NOT EXISTS (SELECT 1 FROM job WHERE state <> 'done' AND job.study = :study)
       AND NOT EXISTS (SELECT 1 FROM result
                        WHERE result.study = :study
                          AND NOT EXISTS (SELECT 1 FROM job
                                           WHERE subject = result.sop_instance
                                             AND lane >= 'deliver:' AND lane < 'deliver;')
                          AND NOT EXISTS (SELECT 1 FROM journal
                                           WHERE journal.study = result.study
                                             AND subject = result.sop_instance
                                             AND event IN ('result.taken_back',
                                                           'result.dropped'))))sql"};

constexpr Sql kOpen{"job.open", "SELECT open FROM tally WHERE lane = :lane"};

constexpr Sql kResubmitRefused{"job.resubmit_refused", R"sql(
    UPDATE job INDEXED BY job_open_of_study
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms
     WHERE state <> 'done' AND study = :study AND state = 'parked'
       AND lane >= 'deliver:' AND lane < 'deliver;')sql"};

constexpr Sql kResubmitLane{"job.resubmit_lane", R"sql(
    UPDATE job INDEXED BY job_open
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms
     WHERE state <> 'done' AND lane = :lane
       AND (state = 'parked'
            OR (:waiting AND state = 'ready' AND not_before_ms > :now_ms)))sql"};

constexpr Sql kResubmitAll{"job.resubmit_all", R"sql(
    UPDATE job INDEXED BY job_open
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms
     WHERE state <> 'done'
       AND (state = 'parked'
            OR (:waiting AND state = 'ready' AND not_before_ms > :now_ms)))sql"};

constexpr Sql kResubmitStudy{"job.resubmit_study", R"sql(
    UPDATE job
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms
     WHERE study = :study
       AND (state = 'parked' OR (state = 'ready' AND not_before_ms > :now_ms)))sql"};

constexpr Sql kNextDue{"job.next_due", R"sql(
    SELECT min(not_before_ms) FROM job WHERE lane = :lane AND state = 'ready')sql"};

constexpr Sql kTally{"job.tally", R"sql(
    SELECT lane, open, running, parked, done FROM tally ORDER BY lane)sql"};

constexpr Sql kWaitsSince{"job.waits_since", R"sql(
    SELECT (SELECT min(created_at_ms) FROM job INDEXED BY job_by_age
             WHERE state = 'ready' AND lane = :lane),
           (SELECT min(created_at_ms) FROM job INDEXED BY job_running
             WHERE state = 'running' AND lease_until_ms >= 0 AND lane = :lane),
           (SELECT min(created_at_ms) FROM job INDEXED BY job_parked
             WHERE state = 'parked' AND lane = :lane))sql"};

constexpr Sql kLastError{"job.last_error", R"sql(
    SELECT last_error FROM job INDEXED BY job_in_trouble
     WHERE state <> 'done' AND last_error <> '' AND lane = :lane
     ORDER BY ended_at_ms DESC LIMIT 1)sql"};

// An attempt that did not end in a crash has failed.
constexpr Sql kFailing{"job.failing", R"sql(
    SELECT 1 FROM job INDEXED BY job_in_trouble
     WHERE state <> 'done' AND last_error <> '' AND lane = :lane AND state = 'ready'
       AND attempt > deaths
     LIMIT :at_most)sql"};

constexpr Sql kOfStudy{"job.of_study", R"sql(
    SELECT id, lane, subject, study, state, attempt, created_at_ms, submitted_at_ms,
           not_before_ms, last_error, model, deaths, own_faults
      FROM job WHERE study = :study ORDER BY id)sql"};

constexpr Sql kParked{"job.parked", R"sql(
    SELECT id, lane, subject, study, state, attempt, created_at_ms, submitted_at_ms,
           not_before_ms, last_error, model, deaths, own_faults
      FROM job INDEXED BY job_open
     WHERE state <> 'done' AND state = 'parked' AND (:lane = '' OR lane = :lane)
     ORDER BY created_at_ms, id LIMIT :at_most)sql"};

constexpr Sql kAll[] = {
    kAnythingToClaim, kExpireLeases, kClaim,  kLeave,  kCountDone, kResubmitLane,    kResubmitAll,
    kResubmitStudy,   kNextDue,      kTally,  kSettle, kOpen,      kResubmitRefused, kWaitsSince,
    kLastError,       kOfStudy,      kParked, kOldest, kFailing,   kBoundWaits};

JobState state_named(std::string_view name) {
    for (const auto state :
         {JobState::ready, JobState::running, JobState::done, JobState::parked}) {
        if (name_of(state) == name) return state;
    }
    throw Error(Fault::corrupt, "a job is in state '{}', which there is not", name);
}

Job job_of_row(const Statement& row) {
    Job job;
    job.id = row.integer(0);
    job.lane = lane_named(row.text(1));
    job.subject = row.text(2);
    job.study = row.text(3);
    job.state = state_named(row.text(4));
    job.attempt = static_cast<int>(row.integer(5));
    job.created_at_ms = row.integer(6);
    job.submitted_at_ms = row.integer(7);
    job.not_before_ms = row.integer(8);
    job.last_error = row.text(9);
    job.model = row.text(10);
    job.deaths = static_cast<int>(row.integer(11));
    job.own_faults = static_cast<int>(row.integer(12));
    return job;
}

std::vector<Job> jobs_of(Statement& rows) {
    std::vector<Job> jobs;
    while (rows.step()) jobs.push_back(job_of_row(rows));
    return jobs;
}

}  // namespace

std::span<const Sql> job_statements() {
    return kAll;
}

std::optional<Job> JobQueue::claim(const Lane& lane, std::int64_t lease_ms, Order order) {
    return claim_chosen(name_of(lane), lease_ms,
                        [&](std::int64_t now_ms) { return Turns(db_).next(lane, now_ms, order); });
}

std::optional<Job> JobQueue::claim_new(const Lane& lane, std::int64_t lease_ms,
                                       std::int64_t since_ms) {
    return claim_chosen(name_of(lane), lease_ms, [&](std::int64_t now_ms) {
        return Turns(db_).next_created_since(lane, since_ms, now_ms);
    });
}

std::optional<Job> JobQueue::claim_oldest(const Lane& lane, std::int64_t lease_ms,
                                          std::int64_t before_ms) {
    const auto name = name_of(lane);
    return claim_chosen(name, lease_ms, [&](std::int64_t now_ms) -> std::optional<std::int64_t> {
        auto oldest = db_.prepare(kOldest);
        oldest.bind(":lane", name).bind(":before_ms", before_ms).bind(":now_ms", now_ms);
        if (!oldest.step()) return std::nullopt;
        return oldest.integer(0);
    });
}

std::optional<Job> JobQueue::claim_chosen(std::string_view lane, std::int64_t lease_ms,
                                          const Choose& choose) {
    const auto now_ms = clock_.now_ms();
    const auto steady_ms = clock_.steady_ms();
    const auto farthest_ms = now_ms + std::max(longest_wait_ms_, kRecoveryWaitsMs);
    {
        // An idle worker must not block writers.
        auto look = db_.prepare(kAnythingToClaim);
        look.bind(":lane", lane)
            .bind(":now_ms", now_ms)
            .bind(":farthest_ms", farthest_ms)
            .bind(":steady_ms", steady_ms);
        if (!look.step() || look.integer(0) == 0) return std::nullopt;
    }
    Database::Transaction transaction(db_);
    db_.prepare(kExpireLeases)
        .bind(":lane", lane)
        .bind(":now_ms", now_ms)
        .bind(":steady_ms", steady_ms)
        .run();
    db_.prepare(kBoundWaits)
        .bind(":lane", lane)
        .bind(":now_ms", now_ms)
        .bind(":farthest_ms", farthest_ms)
        .run();
    std::optional<Job> job;
    if (const auto id = choose(now_ms)) {
        auto claim = db_.prepare(kClaim);
        claim.bind(":id", *id).bind(":lease_until_ms", steady_ms + lease_ms);
        if (claim.step()) job = job_of_row(claim);
    }
    transaction.commit();
    return job;
}

bool JobQueue::finish(const Job& job) {
    return leave(job, JobEvent::finished, job.not_before_ms, "");
}

bool JobQueue::retry_later(const Job& job, std::int64_t not_before_ms, std::string_view why,
                           Blame blame) {
    return leave(job, JobEvent::failed, not_before_ms, why, blame);
}

bool JobQueue::park(const Job& job, std::string_view why) {
    return leave(job, JobEvent::gave_up, job.not_before_ms, why);
}

bool JobQueue::leave(const Job& job, JobEvent event, std::int64_t not_before_ms,
                     std::string_view why, Blame blame) {
    const auto to = next(JobState::running, event);
    if (!to) throw Error(Fault::bug, "a running job knows no event {}", name_of(event));

    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    db_.prepare(kLeave)
        .bind(":id", job.id)
        .bind(":attempt", job.attempt)
        .bind(":created_at_ms", job.created_at_ms)
        .bind(":to", name_of(*to))
        .bind(":not_before_ms", not_before_ms)
        .bind(":now_ms", clock_.now_ms())
        .bind(":why", limited(why))
        .bind(":own_faults", std::int64_t{blame == Blame::subject ? 1 : 0})
        .bind(":not_tried", std::int64_t{blame == Blame::nobody ? 1 : 0})
        .run();
    const bool ours = db_.changes() == 1;
    if (ours && *to == JobState::done) {
        db_.prepare(kCountDone).bind(":lane", name_of(job.lane)).run();
        settle(job.study);
    }
    if (own) own->commit();
    return ours;
}

void JobQueue::settle(std::string_view study) {
    db_.prepare(kSettle).bind(":study", study).bind(":now_ms", clock_.now_ms()).run();
}

std::int64_t JobQueue::open(const Lane& lane) {
    auto row = db_.prepare(kOpen);
    return row.bind(":lane", name_of(lane)).step() ? row.integer(0) : 0;
}

std::int64_t JobQueue::resubmit_refused(std::string_view study) {
    db_.prepare(kResubmitRefused).bind(":study", study).bind(":now_ms", clock_.now_ms()).run();
    return db_.changes();
}

std::int64_t JobQueue::resubmit(const Lane& lane, Resubmit which) {
    return resubmit_by(kResubmitLane, name_of(lane), which);
}

std::int64_t JobQueue::resubmit_all(Resubmit which) {
    return resubmit_by(kResubmitAll, "", which);
}

/// `lane`: empty where the statement has no such parameter.
std::int64_t JobQueue::resubmit_by(const Sql& sql, std::string_view lane, Resubmit which) {
    Database::Transaction transaction(db_);
    const std::int64_t waiting = which == Resubmit::parked_and_waiting ? 1 : 0;
    auto due = db_.prepare(sql);
    if (!lane.empty()) due.bind(":lane", lane);
    due.bind(":now_ms", clock_.now_ms()).bind(":waiting", waiting).run();
    const auto resubmitted = db_.changes();
    transaction.commit();
    return resubmitted;
}

std::int64_t JobQueue::resubmit_study(std::string_view study) {
    Database::Transaction transaction(db_);
    db_.prepare(kResubmitStudy).bind(":study", study).bind(":now_ms", clock_.now_ms()).run();
    const auto resubmitted = db_.changes();
    transaction.commit();
    return resubmitted;
}

std::optional<std::int64_t> JobQueue::next_due_ms(const Lane& lane) {
    auto due = db_.prepare(kNextDue);
    due.bind(":lane", name_of(lane));
    if (!due.step() || due.is_null(0)) return std::nullopt;
    return due.integer(0);
}

std::vector<Backlog> JobQueue::backlog() {
    std::vector<Backlog> backlog;
    {
        auto tally = db_.prepare(kTally);
        while (tally.step()) {
            auto& line = backlog.emplace_back();
            line.lane = lane_named(tally.text(0));
            line.running = tally.integer(2);
            line.parked = tally.integer(3);
            line.ready = tally.integer(1) - line.running - line.parked;
            line.done = tally.integer(4);
        }
    }
    for (auto& line : backlog) {
        if (line.ready + line.running + line.parked == 0) continue;
        const auto lane = name_of(line.lane);
        line.oldest_waiting_ms = waits_since(lane);
        auto error = db_.prepare(kLastError);
        if (error.bind(":lane", lane).step()) line.last_error = error.text(0);
        auto failing = db_.prepare(kFailing);
        failing.bind(":lane", lane).bind(":at_most", kFailingCounted);
        while (failing.step()) ++line.failing;
    }
    return backlog;
}

/// 0 when the lane has no open job.
std::int64_t JobQueue::waits_since(std::string_view lane) {
    std::int64_t since_ms = 0;
    auto oldest = db_.prepare(kWaitsSince);  // ready, running, parked
    oldest.bind(":lane", lane).step();
    for (int state = 0; state < 3; ++state) {
        if (oldest.is_null(state)) continue;
        const auto created_ms = oldest.integer(state);
        if (since_ms == 0 || created_ms < since_ms) since_ms = created_ms;
    }
    return since_ms;
}

std::vector<Job> JobQueue::jobs_of_study(std::string_view study) {
    auto rows = db_.prepare(kOfStudy);
    rows.bind(":study", study);
    return jobs_of(rows);
}

std::vector<Job> JobQueue::parked(const Lane& lane, std::int64_t at_most) {
    return parked_in(name_of(lane), at_most);
}

std::vector<Job> JobQueue::parked(std::int64_t at_most) {
    return parked_in("", at_most);
}

std::vector<Job> JobQueue::parked_in(std::string_view lane, std::int64_t at_most) {
    auto rows = db_.prepare(kParked);
    rows.bind(":lane", lane).bind(":at_most", at_most);
    return jobs_of(rows);
}

}  // namespace bucky::storage
