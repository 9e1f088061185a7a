// SPDX-License-Identifier: Apache-2.0
#include "storage/turns.h"

#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kLast{"turn.last", R"sql(
    SELECT tenant, in_a_row FROM turn WHERE lane = :lane AND urgent = :urgent)sql"};

constexpr Sql kNote{"turn.note", R"sql(
    INSERT INTO turn (lane, urgent, tenant, in_a_row)
    VALUES (:lane, :urgent, :tenant, :in_a_row)
    ON CONFLICT (lane, urgent) DO UPDATE SET tenant = :tenant, in_a_row = :in_a_row)sql"};

constexpr Sql kTenantAfter{"turn.tenant_after", R"sql(
    SELECT tenant FROM job INDEXED BY job_turn
     WHERE state = 'ready' AND lane = :lane AND urgent = :urgent AND tenant > :after
     ORDER BY tenant LIMIT 1)sql"};

constexpr Sql kTenantFrom{"turn.tenant_from", R"sql(
    SELECT tenant FROM job INDEXED BY job_turn
     WHERE state = 'ready' AND lane = :lane AND urgent = :urgent AND tenant >= :after
     ORDER BY tenant LIMIT 1)sql"};

constexpr Sql kFirst{"turn.first", R"sql(
    SELECT id FROM job INDEXED BY job_turn
     WHERE state = 'ready' AND lane = :lane AND urgent = :urgent AND tenant = :tenant
       AND not_before_ms <= :now_ms
     ORDER BY not_before_ms, id LIMIT 1)sql"};

constexpr Sql kNewest{"turn.newest", R"sql(
    SELECT id FROM job INDEXED BY job_turn
     WHERE state = 'ready' AND lane = :lane AND urgent = :urgent AND tenant = :tenant
       AND not_before_ms <= :now_ms
     ORDER BY not_before_ms DESC, id DESC LIMIT 1)sql"};

constexpr Sql kFirstSince{"turn.first_since", R"sql(
    SELECT id FROM job INDEXED BY job_new_turn
     WHERE state = 'ready' AND lane >= 'deliver:' AND lane < 'deliver;'
       AND lane = :lane AND urgent = :urgent AND tenant = :tenant
       AND created_at_ms >= :since_ms AND not_before_ms <= :now_ms
     ORDER BY created_at_ms, id LIMIT 1)sql"};

constexpr Sql kHasWaiting{"turn.has_waiting", R"sql(
    SELECT 1 FROM job INDEXED BY job_turn
     WHERE state = 'ready' AND lane = :lane AND urgent IN (0, 1) AND tenant = :tenant
     LIMIT 1 OFFSET :jobs - 1)sql"};

constexpr Sql kAll[] = {kLast,  kNote,   kTenantAfter, kTenantFrom,
                        kFirst, kNewest, kFirstSince,  kHasWaiting};

std::optional<std::int64_t> first_of(Statement& rows) {
    if (!rows.step()) return std::nullopt;
    return rows.integer(0);
}

}  // namespace

std::span<const Sql> turn_statements() {
    return kAll;
}

std::optional<std::int64_t> Turns::next(const Lane& of_lane, std::int64_t now_ms, Order order) {
    const Sql& first = order == Order::newest ? kNewest : kFirst;
    const auto lane = name_of(of_lane);
    return take_turn(lane, [&](bool urgent, std::string_view tenant) {
        return first_of(db_.prepare(first)
                            .bind(":lane", lane)
                            .bind(":urgent", std::int64_t{urgent})
                            .bind(":tenant", tenant)
                            .bind(":now_ms", now_ms));
    });
}

std::optional<std::int64_t> Turns::next_created_since(const Lane& of_lane, std::int64_t since_ms,
                                                      std::int64_t now_ms) {
    const auto lane = name_of(of_lane);
    return take_turn(lane, [&](bool urgent, std::string_view tenant) {
        return first_of(db_.prepare(kFirstSince)
                            .bind(":lane", lane)
                            .bind(":urgent", std::int64_t{urgent})
                            .bind(":tenant", tenant)
                            .bind(":since_ms", since_ms)
                            .bind(":now_ms", now_ms));
    });
}

std::optional<std::int64_t> Turns::take_turn(std::string_view lane, const First& first) {
    const auto urgent = last(lane, true);
    const auto others = last(lane, false);
    const bool urgent_first = urgent.in_a_row < kUrgentInARow;
    for (const bool class_is_urgent : {urgent_first, !urgent_first}) {
        const auto& before = class_is_urgent ? urgent : others;
        const auto found = find(lane, class_is_urgent, before.tenant, first);
        if (!found) continue;
        if (class_is_urgent) {
            note(lane, true, found->tenant, urgent.in_a_row + 1);
        } else {
            note(lane, false, found->tenant, 0);
            if (urgent.in_a_row > 0) note(lane, true, urgent.tenant, 0);
        }
        return found->job;
    }
    return std::nullopt;
}

/// Tries every tenant once, starting after `after`. A tenant without a job that is due is skipped.
std::optional<Turns::Found> Turns::find(std::string_view lane, bool urgent, std::string_view after,
                                        const First& first) {
    auto tenant = tenant_from(kTenantAfter, lane, urgent, after);
    bool around = false;
    while (true) {
        if (!tenant) {
            if (around) return std::nullopt;
            around = true;
            tenant = tenant_from(kTenantFrom, lane, urgent, "");
            if (!tenant) return std::nullopt;
        }
        if (around && *tenant > after) return std::nullopt;  // tried already
        if (const auto job = first(urgent, *tenant)) return Found{*job, *tenant};
        tenant = tenant_from(kTenantAfter, lane, urgent, *tenant);
    }
}

std::optional<std::string> Turns::tenant_from(const Sql& sql, std::string_view lane, bool urgent,
                                              std::string_view after) {
    auto row = db_.prepare(sql);
    row.bind(":lane", lane).bind(":urgent", std::int64_t{urgent}).bind(":after", after);
    if (!row.step()) return std::nullopt;
    return row.text(0);
}

bool Turns::has_waiting(const Lane& lane, std::string_view tenant, std::int64_t jobs) {
    auto row = db_.prepare(kHasWaiting);
    return row.bind(":lane", name_of(lane)).bind(":tenant", tenant).bind(":jobs", jobs).step();
}

Turns::Last Turns::last(std::string_view lane, bool urgent) {
    auto row = db_.prepare(kLast);
    if (!row.bind(":lane", lane).bind(":urgent", std::int64_t{urgent}).step()) return {};
    return {row.text(0), row.integer(1)};
}

void Turns::note(std::string_view lane, bool urgent, std::string_view tenant,
                 std::int64_t in_a_row) {
    db_.prepare(kNote)
        .bind(":lane", lane)
        .bind(":urgent", std::int64_t{urgent})
        .bind(":tenant", tenant)
        .bind(":in_a_row", in_a_row)
        .run();
}

}  // namespace bucky::storage
