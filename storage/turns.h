// SPDX-License-Identifier: Apache-2.0
// Turns: which tenant's job of a lane is next, when many tenants send at once.
//
// Tenants take turns, one job each: a tenant that sends 5,000 old images delays another tenant's
// new image by one job. Urgent jobs go first, but after kUrgentInARow of them one that is not
// urgent goes, so that the others are not starved. Within a tenant, the job that has been due
// longest goes first, then the older one. Each step is one index lookup, however long the queue is.
// Recent results for a destination are ordered in the same way, the oldest of a tenant first; the
// older backlog is not divided by tenant. Threads: one per worker, over that worker's Database,
// inside an open transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/database.h"
#include "storage/lane.h"

namespace bucky::storage {

/// Urgent jobs in a row before one that is not urgent, which so waits for five jobs at most.
inline constexpr std::int64_t kUrgentInARow = 4;

/// Which job of a tenant is first: the one that has been due longest, or has become due last; then
/// by id.
enum class Order { longest_due, newest };

class Turns {
public:
    explicit Turns(Database& db) : db_(db) {}

    /// The next job that is due. Records the turn of its tenant.
    std::optional<std::int64_t> next(const Lane& lane, std::int64_t now_ms,
                                     Order order = Order::longest_due);

    /// The same in a deliver lane, among jobs created at `since_ms` or later.
    std::optional<std::int64_t> next_created_since(const Lane& lane, std::int64_t since_ms,
                                                   std::int64_t now_ms);

    /// Whether a tenant has at least so many ready jobs in a lane (1 or more); counts no further.
    bool has_waiting(const Lane& lane, std::string_view tenant, std::int64_t jobs);

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
