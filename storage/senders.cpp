// SPDX-License-Identifier: Apache-2.0
#include "storage/senders.h"

#include <algorithm>

#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kNewer{"sender.newer", R"sql(
    SELECT id, calling_ae, received_at_ms FROM instance WHERE id >= :after)sql"};

constexpr Sql kAll[] = {kNewer};

}  // namespace

std::span<const Sql> sender_statements() {
    return kAll;
}

const std::map<std::string, std::int64_t>& Senders::look(Database& db) {
    const auto note = [&] {
        auto rows = db.prepare(kNewer);
        rows.bind(":after", after_);
        bool is_any = false;
        while (rows.step()) {
            is_any = true;
            after_ = std::max(after_, rows.integer(0));
            auto& last = last_[rows.text(1)];
            last = std::max(last, rows.integer(2));
        }
        return is_any;
    };
    // SQLite gives the numbers of deleted last rows again.
    if (!note() && after_ > 0) {
        after_ = 0;
        (void)note();
    }
    return last_;
}

}  // namespace bucky::storage
