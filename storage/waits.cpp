// SPDX-License-Identifier: Apache-2.0
#include "storage/waits.h"

#include "storage/job_queue.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kForgetWaits{"waits.forget", R"sql(
    UPDATE job INDEXED BY job_ready SET not_before_ms = :now_ms
     WHERE lane = :lane AND state = 'ready' AND not_before_ms > :now_ms
       AND (deaths = 0 OR not_before_ms > :now_ms + :recovery_ms))sql"};

constexpr Sql kAll[] = {kForgetWaits};

}  // namespace

std::span<const Sql> waits_statements() {
    return kAll;
}

std::int64_t forget_waits(Database& db, const Clock& clock) {
    std::int64_t forgotten = 0;
    for (const auto& one : JobQueue{db, clock}.backlog()) {
        if (one.lane.kind == LaneKind::commit) continue;
        Database::Transaction transaction(db);
        db.prepare(kForgetWaits)
            .bind(":lane", name_of(one.lane))
            .bind(":now_ms", clock.now_ms())
            .bind(":recovery_ms", kRecoveryWaitsMs)
            .run();
        forgotten += db.changes();
        transaction.commit();
    }
    return forgotten;
}

}  // namespace bucky::storage
