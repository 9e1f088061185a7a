// SPDX-License-Identifier: Apache-2.0
// Turns: whose job of a lane is next, when many send at once.
//
// Tenants take turns, a job each: who pushes 5,000 old images holds another's new one back by one
// job. Urgent jobs go before the others, but after so many of them in a row one that is not urgent
// goes, so that the rest moves on too. Within a tenant: due longest first, then the older one.
// Each step is one look into an index, whatever waits behind it. Among results for a destination
// the same, of those made lately, the oldest of a tenant first: the backlog behind them has no
// tenants. Threads: one a worker, over that worker's Database, inside an open transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/database.h"

namespace bucky::storage {

/// Urgent jobs in a row before one that is not: it then waits for five jobs at the most.
inline constexpr std::int64_t kUrgentInARow = 4;

class Turns {
public:
    explicit Turns(Database& db) : db_(db) {}

    /// The job that is due and whose turn it is; its tenant has had the turn then.
    std::optional<std::int64_t> next(std::string_view lane, std::int64_t now_ms);

    /// The same in a "deliver:" lane, of the jobs created at `since_ms` or later.
    std::optional<std::int64_t> next_created_since(std::string_view lane, std::int64_t since_ms,
                                                   std::int64_t now_ms);

    /// Whether a tenant has so many ready jobs in a lane, 1 or more; nobody counts further.
    bool has_waiting(std::string_view lane, std::string_view tenant, std::int64_t jobs);

private:
    using First = std::function<std::optional<std::int64_t>(bool urgent, std::string_view tenant)>;
    struct Last {
        std::string tenant;
        std::int64_t in_a_row = 0;
    };
    struct Found {
        std::int64_t job;
        std::string tenant;
    };
    Last last(std::string_view lane, bool urgent);
    void note(std::string_view lane, bool urgent, std::string_view tenant, std::int64_t in_a_row);
    std::optional<std::int64_t> take_turn(std::string_view lane, const First& first);
    std::optional<Found> find(std::string_view lane, bool urgent, std::string_view after,
                              const First& first);
    std::optional<std::string> tenant_from(const Sql& sql, std::string_view lane, bool urgent,
                                           std::string_view after);

    Database& db_;
};

}  // namespace bucky::storage
