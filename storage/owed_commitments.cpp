// SPDX-License-Identifier: Apache-2.0
#include "storage/owed_commitments.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "storage/expiry.h"
#include "storage/statements.h"
#include "storage/words.h"

namespace bucky::storage {
namespace {

constexpr std::uint16_t kProcessingFailure = 0x0110;
constexpr std::uint16_t kNoSuchInstance = 0x0112;
constexpr std::uint16_t kClassInstanceConflict = 0x0119;

constexpr Sql kTake{"owed.take", R"sql(
    INSERT INTO pledge (transaction_uid, requester, called_ae, peer_address, asked_at_ms,
                        not_before_ms, objects)
    VALUES (:transaction, :requester, :called_ae, :peer_address, :now_ms, :not_before_ms,
            :objects)
    ON CONFLICT (transaction_uid, requester) DO UPDATE
       SET called_ae = :called_ae, peer_address = :peer_address, attempt = 0,
           asked_at_ms = :now_ms, not_before_ms = :not_before_ms, objects = :objects,
           last_error = ''
    RETURNING id)sql"};

constexpr Sql kForgetItems{"owed.forget_items", R"sql(
    DELETE FROM pledge_item WHERE pledge = :id)sql"};

constexpr Sql kItem{"owed.item", R"sql(
    INSERT INTO pledge_item (pledge, sop_instance, sop_class)
    VALUES (:id, :sop_instance, :sop_class)
    ON CONFLICT (pledge, sop_instance) DO NOTHING)sql"};

// Reads at most as many rows as may be owed in all.
constexpr Sql kOwedTo{"owed.owed_to", R"sql(
    SELECT count(*), coalesce(sum(objects), 0),
           count(*) FILTER (WHERE peer_address = :address),
           coalesce(sum(objects) FILTER (WHERE peer_address = :address), 0),
           count(*) FILTER (WHERE requester = :requester),
           coalesce(sum(objects) FILTER (WHERE requester = :requester), 0)
      FROM pledge
     WHERE requester >= ''
       AND NOT (requester = :requester AND transaction_uid = :transaction))sql"};

constexpr Sql kFirstOfNext{"owed.first_of_next", R"sql(
    SELECT requester, id, not_before_ms FROM pledge
     WHERE requester > :after ORDER BY requester, not_before_ms, id LIMIT 1)sql"};

constexpr Sql kAskedBy{"owed.asked_by", R"sql(
    SELECT id FROM pledge WHERE requester = :requester AND asked_at_ms <= :asked_by_ms)sql"};

constexpr Sql kBoundWaits{"owed.bound_waits", R"sql(
    UPDATE pledge SET not_before_ms = :now_ms WHERE not_before_ms > :farthest_ms)sql"};

constexpr Sql kLatestDue{"owed.latest_due", R"sql(
    SELECT max(not_before_ms) FROM pledge)sql"};

constexpr Sql kClaim{"owed.claim", R"sql(
    UPDATE pledge SET attempt = attempt + 1, not_before_ms = :until_ms
     WHERE id = :id AND not_before_ms <= :now_ms
    RETURNING id, transaction_uid, requester, called_ae, peer_address, attempt, asked_at_ms,
              last_error)sql"};

constexpr Sql kItems{"owed.items", R"sql(
    SELECT sop_class, sop_instance FROM pledge_item WHERE pledge = :id ORDER BY sop_instance)sql"};

// Of the instances with one UID the first counts; our own results count as well.
constexpr Sql kHeld{"owed.held", R"sql(
    SELECT sop_class, 'spool/' || file, size_bytes, conflicting FROM instance
     WHERE sop_instance = :sop_instance
     UNION ALL
    SELECT sop_class, 'results/' || file, size_bytes, 0 FROM result
     WHERE sop_instance = :sop_instance
     ORDER BY 4)sql"};

constexpr Sql kSettled{"owed.settled", R"sql(
    DELETE FROM pledge WHERE id = :id)sql"};

constexpr Sql kRetryLater{"owed.retry_later", R"sql(
    UPDATE pledge SET not_before_ms = :not_before_ms, last_error = :why WHERE id = :id)sql"};

constexpr Sql kNextDue{"owed.next_due", R"sql(
    SELECT min(not_before_ms) FROM pledge)sql"};

constexpr Sql kOwed{"owed.owed", R"sql(
    SELECT id, transaction_uid, requester, called_ae, peer_address, attempt, asked_at_ms,
           last_error
      FROM pledge ORDER BY asked_at_ms, id LIMIT :at_most)sql"};

constexpr Sql kAll[] = {kTake,    kForgetItems, kItem,        kClaim,      kItems,
                        kOwedTo,  kAskedBy,     kHeld,        kSettled,    kRetryLater,
                        kNextDue, kOwed,        kFirstOfNext, kBoundWaits, kLatestDue};

OwedCommitment owed_of_row(const Statement& row) {
    OwedCommitment owed;
    owed.id = row.integer(0);
    owed.transaction = Uid{row.text(1)};
    owed.requester = row.text(2);
    owed.called_ae = row.text(3);
    owed.peer_address = row.text(4);
    owed.attempt = static_cast<int>(row.integer(5));
    owed.asked_at_ms = row.integer(6);
    owed.last_error = row.text(7);
    return owed;
}

}  // namespace

std::span<const Sql> pledge_statements() {
    return kAll;
}

/// A repeated request in the same transaction replaces the earlier one.
void OwedCommitments::check_quota(const OwedCommitment& asked, std::size_t objects) {
    auto row = db_.prepare(kOwedTo);
    row.bind(":address", asked.peer_address)
        .bind(":requester", asked.requester)
        .bind(":transaction", asked.transaction.str());
    row.step();
    const struct {
        std::string_view whom;
        limits::CommitmentQuota most;
    } quotas[] = {{"all callers", limits::kCommitmentInAllMax},
                  {"callers at this address", limits::kCommitmentOfAddressMax},
                  {"this caller", limits::kCommitmentOfCallerMax}};
    int column = 0;
    for (const auto& [whom, most] : quotas) {
        const auto requests = row.integer(column++) + 1;
        const auto named = row.integer(column++) + static_cast<std::int64_t>(objects);
        if (requests <= most.requests && named <= most.objects) continue;
        metrics::count("bucky_limit_reached_total", {{"limit", "commitment"}});
        throw Error(Fault::exhausted,
                    "{} would be owed reports on {} requests with {} instances; {} and {} may be",
                    whom, requests, named, most.requests, most.objects);
    }
}

std::int64_t OwedCommitments::take(const OwedCommitment& asked,
                                   const std::vector<ObjectReference>& objects,
                                   std::int64_t not_before_ms) {
    Database::Transaction open(db_);
    check_quota(asked, objects.size());
    std::int64_t id = 0;
    {
        auto taken = db_.prepare(kTake);
        taken.bind(":transaction", asked.transaction.str())
            .bind(":requester", asked.requester)
            .bind(":called_ae", asked.called_ae)
            .bind(":peer_address", asked.peer_address)
            .bind(":now_ms", clock_.now_ms())
            .bind(":not_before_ms", not_before_ms)
            .bind(":objects", static_cast<std::int64_t>(objects.size()));
        taken.step();
        id = taken.integer(0);
    }
    db_.prepare(kForgetItems).bind(":id", id).run();
    for (const auto& object : objects) {
        db_.prepare(kItem)
            .bind(":id", id)
            .bind(":sop_instance", object.sop_instance.str())
            .bind(":sop_class", object.sop_class.str())
            .run();
    }
    crash_point("owed.before_commit");
    open.commit();
    crash_point("owed.after_commit");
    return id;
}

/// The first request of each requester, by one index lookup each.
std::vector<OwedCommitments::First> OwedCommitments::first_of_each() {
    std::vector<First> all;
    std::string after;
    while (true) {
        auto row = db_.prepare(kFirstOfNext);
        if (!row.bind(":after", after).step()) return all;
        all.push_back({row.text(0), row.integer(1), row.integer(2)});
        after = all.back().requester;
    }
}

std::optional<OwedCommitment> OwedCommitments::next(std::int64_t until_ms,
                                                    const MayCall& may_call) {
    const auto now_ms = clock_.now_ms();
    const auto due_ms = next_due_ms();
    if (!due_ms || *due_ms > now_ms) return std::nullopt;  // the usual case: nothing is locked
    auto all = first_of_each();
    std::erase_if(all, [&](const First& one) {
        return one.not_before_ms > now_ms || (may_call && !may_call(one.requester));
    });
    const auto longest =
        std::min_element(all.begin(), all.end(), [](const First& one, const First& other) {
            return std::pair{one.not_before_ms, one.id} < std::pair{other.not_before_ms, other.id};
        });
    if (longest == all.end()) return std::nullopt;
    Database::Transaction open(db_);
    std::optional<OwedCommitment> owed;
    {
        auto row = db_.prepare(kClaim);
        row.bind(":id", longest->id).bind(":now_ms", now_ms).bind(":until_ms", until_ms);
        if (row.step()) owed = owed_of_row(row);
    }
    open.commit();
    return owed;
}

CommitmentAnswer OwedCommitments::answer(const OwedCommitment& owed) {
    std::vector<ObjectReference> objects;
    {
        auto rows = db_.prepare(kItems);
        rows.bind(":id", owed.id);
        while (rows.step()) objects.push_back({Uid{rows.text(0)}, Uid{rows.text(1)}});
    }
    CommitmentAnswer answer{owed.transaction, {}, {}};
    for (const auto& object : objects) {
        const auto reason = reason_against(object);
        if (reason == 0) {
            answer.kept.push_back(object);
        } else {
            answer.failed.push_back({object, reason});
        }
    }
    return answer;
}

/// 0 when we hold it: a row of this class and its complete file.
std::uint16_t OwedCommitments::reason_against(const ObjectReference& object) {
    auto rows = db_.prepare(kHeld);
    rows.bind(":sop_instance", object.sop_instance.str());
    if (!rows.step()) return kNoSuchInstance;
    if (rows.text(0) != object.sop_class.str()) return kClassInstanceConflict;
    std::error_code error;
    const auto bytes = std::filesystem::file_size(data_dir_ / rows.text(1), error);
    const bool whole = !error && bytes == static_cast<std::uint64_t>(rows.integer(2));
    return whole ? 0 : kProcessingFailure;
}

void OwedCommitments::settled(std::int64_t id) {
    crash_point("owed.after_report");
    Database::Transaction open(db_);
    db_.prepare(kForgetItems).bind(":id", id).run();
    db_.prepare(kSettled).bind(":id", id).run();
    open.commit();
}

void OwedCommitments::retry_later(std::int64_t id, std::int64_t not_before_ms,
                                  std::string_view why) {
    Database::Transaction open(db_);
    db_.prepare(kRetryLater)
        .bind(":id", id)
        .bind(":not_before_ms", not_before_ms)
        .bind(":why", limited(why))
        .run();
    open.commit();
}

std::optional<std::int64_t> OwedCommitments::next_due_ms() {
    auto row = db_.prepare(kNextDue);
    if (!row.step() || row.is_null(0)) return std::nullopt;
    return row.integer(0);
}

std::optional<std::int64_t> OwedCommitments::next_due_ms(const FreeAt& free_at_ms) {
    std::optional<std::int64_t> next;
    for (const auto& first : first_of_each()) {
        const auto free_ms = free_at_ms(first.requester);
        if (!free_ms) continue;
        const auto due_ms = std::max(first.not_before_ms, *free_ms);
        next = std::min(next.value_or(due_ms), due_ms);
    }
    return next;
}

std::int64_t OwedCommitments::give_up(const std::string& requester, std::int64_t asked_by_ms) {
    std::vector<std::int64_t> ids;
    {
        auto rows = db_.prepare(kAskedBy);
        rows.bind(":requester", requester).bind(":asked_by_ms", asked_by_ms);
        while (rows.step()) ids.push_back(rows.integer(0));
    }
    Database::Transaction open(db_);
    for (const auto id : ids) {
        db_.prepare(kForgetItems).bind(":id", id).run();
        db_.prepare(kSettled).bind(":id", id).run();
    }
    open.commit();
    return static_cast<std::int64_t>(ids.size());
}

bool OwedCommitments::may_give_up() {
    return may_expire(db_, clock_);
}

void OwedCommitments::bound_waits(std::int64_t longest_wait_ms) {
    const auto now_ms = clock_.now_ms();
    const auto farthest_ms = now_ms + longest_wait_ms;
    {
        auto latest = db_.prepare(kLatestDue);
        if (!latest.step() || latest.is_null(0) || latest.integer(0) <= farthest_ms) return;
    }
    Database::Transaction open(db_);
    db_.prepare(kBoundWaits).bind(":now_ms", now_ms).bind(":farthest_ms", farthest_ms).run();
    open.commit();
}

std::vector<OwedCommitment> OwedCommitments::owed(std::int64_t at_most) {
    auto rows = db_.prepare(kOwed);
    rows.bind(":at_most", at_most);
    std::vector<OwedCommitment> all_owed;
    while (rows.step()) all_owed.push_back(owed_of_row(rows));
    return all_owed;
}

}  // namespace bucky::storage
