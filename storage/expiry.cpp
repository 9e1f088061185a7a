// SPDX-License-Identifier: Apache-2.0
#include "storage/expiry.h"

#include <fmt/format.h>

#include "storage/statements.h"

namespace bucky::storage {
namespace {

// The row written last, not the latest time: rows written by a clock that was ahead count only
// until the next row.
constexpr Sql kNewestRow{"expiry.newest_row", R"sql(
    SELECT max(coalesce((SELECT at_ms FROM journal WHERE id = (SELECT max(id) FROM journal)), 0),
               coalesce((SELECT received_at_ms FROM instance
                          WHERE id = (SELECT max(id) FROM instance)), 0)))sql"};

constexpr Sql kAll[] = {kNewestRow};

}  // namespace

std::span<const Sql> expiry_statements() {
    return kAll;
}

std::optional<std::int64_t> newest_row_ms(Database& db) {
    auto row = db.prepare(kNewestRow);
    if (!row.step() || row.integer(0) == 0) return std::nullopt;
    return row.integer(0);
}

bool may_expire(Database& db, const Clock& clock) {
    if (!clock.steps().is_settled()) return false;
    return newest_row_ms(db).value_or(0) <= clock.now_ms() + ClockSteps::kStepMs;
}

std::string clock_behind(Database& db, const Clock& clock) {
    const auto behind_ms = newest_row_ms(db).value_or(0) - clock.now_ms();
    if (behind_ms <= ClockSteps::kStepMs) return {};
    return fmt::format(
        "the clock of this machine is {} earlier than the newest row of the database: nothing is "
        "deleted or given up by its age until it is later, or another row is written",
        step_in_words(behind_ms));
}

void doubt_at_start(const Clock& clock) {
    (void)clock.steps();
    clock.steps().doubt();
}

}  // namespace bucky::storage
