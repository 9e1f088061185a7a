// SPDX-License-Identifier: Apache-2.0
#include "storage/queue_shape.h"

#include <algorithm>
#include <string>

namespace bucky::storage {
namespace {

constexpr Sql kOpen{"queue_shape.open", R"sql(
    SELECT lane, created_at_ms, state = 'parked'
      FROM job INDEXED BY job_open WHERE state <> 'done' ORDER BY lane)sql"};

constexpr Sql kAll[] = {kOpen};

std::size_t age_class(std::int64_t age_ms) {
    const auto* const at = std::upper_bound(kAgesMs.begin(), kAgesMs.end(), age_ms);
    return static_cast<std::size_t>(at - kAgesMs.begin());
}

}  // namespace

std::span<const Sql> queue_shape_statements() {
    return kAll;
}

std::vector<LaneShape> queue_shape(Database& db, const Clock& clock) {
    const auto now_ms = clock.now_ms();
    std::vector<LaneShape> lanes;
    std::string last;
    auto rows = db.prepare(kOpen);
    while (rows.step()) {
        if (lanes.empty() || last != rows.text(0)) {
            last = rows.text(0);
            lanes.emplace_back().lane = lane_named(last);
        }
        auto& line = lanes.back();
        ++line.open;
        line.parked += rows.integer(2);
        ++line.by_age[age_class(now_ms - rows.integer(1))];
    }
    return lanes;
}

}  // namespace bucky::storage
