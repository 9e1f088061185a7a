// SPDX-License-Identifier: Apache-2.0
#include "storage/abandoned_lanes.h"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr std::int64_t kJobsAtOnce = 200;

constexpr Sql kSome{"abandoned.some", R"sql(
    SELECT id, subject, study FROM job INDEXED BY job_open
     WHERE state <> 'done' AND lane = :lane AND subject > :after AND state IN ('ready', 'parked')
     ORDER BY subject LIMIT :at_most)sql"};

constexpr Sql kTakeOut{"abandoned.take_out", R"sql(
    DELETE FROM job WHERE id = :id AND state IN ('ready', 'parked'))sql"};

constexpr Sql kPutIn{"abandoned.put_in", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent, model)
    SELECT :lane, subject, study, 'ready', created_at_ms, :now_ms, :now_ms, tenant, urgent, model
      FROM job
     WHERE id = :id AND state IN ('ready', 'parked')
       AND NOT EXISTS (SELECT 1 FROM job AS there INDEXED BY job_of_subject
                        WHERE there.subject = job.subject AND there.lane = :lane))sql"};

constexpr Sql kAll[] = {kSome, kTakeOut, kPutIn};

}  // namespace

std::span<const Sql> abandoned_lane_statements() {
    return kAll;
}

AbandonedLanes::Outcome AbandonedLanes::drop(const Lane& lane) {
    const bool is_delivery = lane.kind == LaneKind::deliver;
    const auto words = fmt::format("for {}: dropped by hand", lane.destination);
    return each(lane, [&](const Waiting& job, Outcome& outcome) {
        if (!take_out(job)) return;
        Journal(db_, clock_)
            .write(job.study, job.subject,
                   is_delivery ? JournalEvent::result_dropped : JournalEvent::commitment_dropped,
                   words);
        ++outcome.left;
    });
}

AbandonedLanes::Outcome AbandonedLanes::move(
    const Lane& from, std::string_view to_destination,
    const std::function<bool(const std::string& study)>& may_go) {
    const auto to_lane = name_of(Lane::deliver(to_destination));
    const auto words = fmt::format("from {} to {} by hand", from.destination, to_destination);
    return each(from, [&](const Waiting& job, Outcome& outcome) {
        if (!may_go(job.study)) {
            ++outcome.withheld;
            return;
        }
        db_.prepare(kPutIn)
            .bind(":lane", to_lane)
            .bind(":id", job.id)
            .bind(":now_ms", clock_.now_ms())
            .run();
        const bool is_new = db_.changes() == 1;
        if (!take_out(job)) return;
        Journal(db_, clock_)
            .write(job.study, job.subject, JournalEvent::result_moved,
                   is_new ? words : words + ", which has it already");
        ++outcome.left;
        outcome.had_it += is_new ? 0 : 1;
    });
}

AbandonedLanes::Outcome AbandonedLanes::each(const Lane& lane, const Leave& leave) {
    const auto name = name_of(lane);
    Outcome outcome;
    std::string after;
    while (true) {
        Database::Transaction transaction(db_);
        std::vector<Waiting> some;
        {
            auto rows = db_.prepare(kSome);
            rows.bind(":lane", name)
                .bind(":after", std::string_view{after})
                .bind(":at_most", kJobsAtOnce);
            while (rows.step()) some.push_back({rows.integer(0), rows.text(1), rows.text(2)});
        }
        if (some.empty()) return outcome;
        std::set<std::string> studies;
        for (const auto& job : some) {
            leave(job, outcome);
            studies.insert(job.study);
        }
        JobQueue queue{db_, clock_};
        for (const auto& study : studies) queue.settle(study);
        after = some.back().subject;
        transaction.commit();
    }
}

bool AbandonedLanes::take_out(const Waiting& job) {
    db_.prepare(kTakeOut).bind(":id", job.id).run();
    return db_.changes() == 1;
}

}  // namespace bucky::storage
