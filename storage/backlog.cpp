// SPDX-License-Identifier: Apache-2.0
#include "storage/backlog.h"

namespace bucky::storage {
namespace {

constexpr Sql kAnything{"backlog.anything", R"sql(
    SELECT EXISTS (SELECT 1 FROM job
                    WHERE lane = :lane AND state = 'ready' AND not_before_ms <= :now_ms)
        OR EXISTS (SELECT 1 FROM job INDEXED BY job_running
                    WHERE state = 'running' AND lease_until_ms <= :now_ms AND lane = :lane))sql"};

constexpr Sql kExpireLeases{"backlog.expire_leases", R"sql(
    UPDATE job INDEXED BY job_running
       SET state = 'ready', lease_until_ms = 0, ended_at_ms = :now_ms,
           last_error = 'its worker did not finish in time'
     WHERE state = 'running' AND lease_until_ms <= :now_ms AND lane = :lane)sql"};

constexpr Sql kClaim{"backlog.claim", R"sql(
    UPDATE job SET state = 'running', attempt = attempt + 1, lease_until_ms = :now_ms + :lease_ms
     WHERE id = (SELECT id FROM job INDEXED BY job_by_age
                  WHERE lane = :lane AND state = 'ready' AND created_at_ms >= :from_ms
                    AND created_at_ms < :before_ms AND not_before_ms <= :now_ms
                  ORDER BY created_at_ms, id LIMIT 1)
    RETURNING id, lane, subject, study, attempt, created_at_ms, submitted_at_ms, not_before_ms,
              last_error)sql"};

constexpr Sql kAll[] = {kAnything, kExpireLeases, kClaim};

Job running_job(const Statement& row) {
    Job job;
    job.id = row.integer(0);
    job.lane = row.text(1);
    job.subject = row.text(2);
    job.study = row.text(3);
    job.state = JobState::running;
    job.attempt = static_cast<int>(row.integer(4));
    job.created_at_ms = row.integer(5);
    job.submitted_at_ms = row.integer(6);
    job.not_before_ms = row.integer(7);
    job.last_error = row.text(8);
    return job;
}

}  // namespace

std::span<const Sql> backlog_statements() {
    return kAll;
}

std::optional<Job> claim_created(Database& db, const Clock& clock, std::string_view lane,
                                 std::int64_t lease_ms, std::int64_t from_ms,
                                 std::int64_t before_ms) {
    const auto now_ms = clock.now_ms();
    {
        // An idle worker must not stand in the way of those who write.
        auto look = db.prepare(kAnything);
        look.bind(":lane", lane).bind(":now_ms", now_ms);
        if (!look.step() || look.integer(0) == 0) return std::nullopt;
    }
    Database::Transaction transaction(db);
    db.prepare(kExpireLeases).bind(":lane", lane).bind(":now_ms", now_ms).run();
    std::optional<Job> job;
    {
        auto claim = db.prepare(kClaim);
        claim.bind(":lane", lane)
            .bind(":from_ms", from_ms)
            .bind(":before_ms", before_ms)
            .bind(":now_ms", now_ms)
            .bind(":lease_ms", lease_ms);
        if (claim.step()) job = running_job(claim);
    }
    transaction.commit();
    return job;
}

}  // namespace bucky::storage
