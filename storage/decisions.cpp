// SPDX-License-Identifier: Apache-2.0
#include "storage/decisions.h"

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "conf/base/digest.h"
#include "storage/rows.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kChain{"decision.chain", R"sql(
    SELECT first, first_before, last, last_sha256 FROM decision_chain WHERE owner = :owner)sql"};

constexpr Sql kLast{"decision.last", R"sql(
    SELECT number, sha256 FROM decision WHERE owner = :owner ORDER BY number DESC LIMIT 1)sql"};

constexpr Sql kAdd{"decision.add", R"sql(
    INSERT INTO decision (owner, number, at_ms, record, before, sha256)
    VALUES (:owner, :number, :at_ms, :record, :before, :sha256))sql"};

constexpr Sql kSetLast{"decision.set_last", R"sql(
    INSERT INTO decision_chain (owner, first, first_before, last, last_sha256)
    VALUES (:owner, :number, :before, :number, :sha256)
        ON CONFLICT (owner) DO UPDATE SET last = :number, last_sha256 = :sha256)sql"};

constexpr Sql kOwners{"decision.owners", R"sql(
    SELECT owner FROM decision_chain UNION SELECT owner FROM decision ORDER BY owner)sql"};

constexpr Sql kNoted{"decision.noted", "SELECT owner FROM decision_chain"};

constexpr Sql kRecords{"decision.records", R"sql(
    SELECT number, at_ms, record, before, sha256 FROM decision
     WHERE owner = :owner AND at_ms >= :since_ms ORDER BY number)sql"};

constexpr Sql kFrom{"decision.from", R"sql(
    SELECT number, at_ms, before FROM decision
     WHERE owner = :owner AND number >= :number ORDER BY number LIMIT 1)sql"};

constexpr Sql kNewer{"decision.newer", R"sql(
    SELECT number, at_ms, before FROM decision
     WHERE owner = :owner AND number >= :number AND number < :end AND at_ms >= :before_ms
     ORDER BY number LIMIT 1)sql"};

constexpr Sql kForget{"decision.forget", R"sql(
    DELETE FROM decision WHERE owner = :owner AND number < :number)sql"};

constexpr Sql kSetFirst{"decision.set_first", R"sql(
    UPDATE decision_chain SET first = :number, first_before = :before WHERE owner = :owner)sql"};

constexpr Sql kBegin{"decision.begin", "BEGIN"};
constexpr Sql kEnd{"decision.end", "ROLLBACK"};

constexpr std::array kAll{kChain, kLast,  kAdd,    kSetLast,  kOwners, kNoted, kRecords,
                          kFrom,  kNewer, kForget, kSetFirst, kBegin,  kEnd};

/// What is read while it lives is of one moment, although the node writes on.
class Moment {
public:
    explicit Moment(Database& db) : db_(db), is_own_(!db.in_transaction()) {
        if (is_own_) db_.prepare(kBegin).run();
    }
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;
    ~Moment() {
        try {
            if (is_own_) db_.prepare(kEnd).run();
        } catch (const std::exception&) {  // it only read; the connection says so when it is used
        }
    }

private:
    Database& db_;
    bool is_own_;
};

/// What the database notes of a chain beside its records.
struct Chain {
    std::int64_t first = 1;
    std::string first_before = std::string(64, '0');
    DecisionMark last;
};

std::optional<Chain> chain_of(Database& db, std::string_view owner) {
    auto row = db.prepare(kChain);
    if (!row.bind(":owner", owner).step()) return std::nullopt;
    return Chain{row.integer(0), row.text(1), {row.integer(2), row.text(3)}};
}

std::string records(std::int64_t first, std::int64_t last) {
    return first == last ? fmt::format("record {} is missing", first)
                         : fmt::format("records {} to {} are missing", first, last);
}

/// Walks along a chain and says what is wrong with it.
class Walk {
public:
    Walk(std::string_view owner, const std::optional<Chain>& noted)
        : owner_(owner), noted_(noted), first_(noted ? noted->first : 1) {
        end_ = {first_ - 1, noted_ ? noted_->first_before : Chain{}.first_before};
    }

    void pass(const Decision& record) {
        if (record.number > end_.number + 1) {
            complain(records(end_.number + 1, record.number - 1));
        } else if (record.before != end_.sha256) {
            complain(
                end_.number < first_
                    ? fmt::format("record {} does not build on what was before it", record.number)
                    : fmt::format("record {} was changed: record {} builds on another", end_.number,
                                  record.number));
        }
        if (record.sha256 != hash_of(owner_, record)) {
            complain(fmt::format("record {} was changed: it has another hash", record.number));
        }
        end_ = {record.number, record.sha256};
    }

    void end() {
        if (!noted_) {
            if (end_.number > 0) complain("where the chain begins and ends was removed");
            return;
        }
        const auto& last = noted_->last;
        if (end_.number < last.number) {
            complain(records(end_.number + 1, last.number));
        } else if (end_.number > last.number) {
            complain(fmt::format("the noted end is record {}, but record {} is there", last.number,
                                 end_.number));
        } else if (end_.sha256 != last.sha256) {
            complain(fmt::format("record {} was changed: the chain ended with another hash",
                                 end_.number));
        }
    }

    std::vector<std::string> wrong;

private:
    void complain(std::string words) {
        if (wrong.size() < Decisions::kWrongMax) wrong.push_back(std::move(words));
    }

    std::string_view owner_;
    const std::optional<Chain>& noted_;
    std::int64_t first_;
    DecisionMark end_;
};

}  // namespace

std::span<const Sql> decision_statements() {
    return kAll;
}

std::string hash_of(std::string_view owner, const Decision& decision) {
    return hex(sha256(fmt::format("{}\n{}\n{}\n{}\n{}", decision.before, owner, decision.number,
                                  decision.at_ms, decision.record)));
}

DecisionMark Decisions::add(std::string_view owner, std::string_view record) {
    const auto noted = chain_of(db_, owner);
    DecisionMark last = noted ? noted->last : DecisionMark{0, Chain{}.first_before};
    {
        // Whatever somebody did to the note or to the last records: this one comes after both, and
        // no image waits for it.
        auto row = db_.prepare(kLast);
        if (row.bind(":owner", owner).step() && row.integer(0) > last.number) {
            last = {row.integer(0), row.text(1)};
        }
    }
    Decision made{.number = last.number + 1,
                  .at_ms = clock_.now_ms(),
                  .record = std::string{record},
                  .before = last.sha256,
                  .sha256 = ""};
    made.sha256 = hash_of(owner, made);
    db_.prepare(kAdd)
        .bind(":owner", owner)
        .bind(":number", made.number)
        .bind(":at_ms", made.at_ms)
        .bind(":record", record)
        .bind(":before", std::string_view{made.before})
        .bind(":sha256", std::string_view{made.sha256})
        .run();
    db_.prepare(kSetLast)
        .bind(":owner", owner)
        .bind(":number", made.number)
        .bind(":before", std::string_view{made.before})
        .bind(":sha256", std::string_view{made.sha256})
        .run();
    return {made.number, std::move(made.sha256)};
}

std::vector<std::string> Decisions::owners() {
    auto rows = db_.prepare(kOwners);
    return first_column(rows);
}

void Decisions::each(std::string_view owner, std::int64_t since_ms,
                     const std::function<void(const Decision&)>& visit) {
    auto rows = db_.prepare(kRecords);
    rows.bind(":owner", owner).bind(":since_ms", since_ms);
    while (rows.step()) {
        visit({.number = rows.integer(0),
               .at_ms = rows.integer(1),
               .record = rows.text(2),
               .before = rows.text(3),
               .sha256 = rows.text(4)});
    }
}

Decisions::Checked Decisions::verify(std::string_view owner, std::string_view wanted) {
    const Moment moment{db_};
    const auto noted = chain_of(db_, owner);
    Checked checked;
    Walk walk{owner, noted};
    each(owner, std::numeric_limits<std::int64_t>::min(), [&](const Decision& record) {
        walk.pass(record);
        if (checked.records++ == 0) checked.first = {record.number, record.sha256};
        checked.last = {record.number, record.sha256};
        checked.bytes += static_cast<std::int64_t>(record.record.size());
        checked.holds_wanted |= record.sha256 == wanted;
    });
    walk.end();
    checked.wrong = std::move(walk.wrong);
    return checked;
}

std::int64_t Decisions::forget(std::int64_t before_ms, std::int64_t at_most) {
    std::int64_t forgotten = 0;
    auto noted = db_.prepare(kNoted);
    for (const auto& owner : first_column(noted)) {
        forgotten += forget_of(owner, before_ms, at_most);
    }
    return forgotten;
}

std::int64_t Decisions::forget_of(const std::string& owner, std::int64_t before_ms,
                                  std::int64_t at_most) {
    const auto found = [&](Statement& row) -> std::optional<Decision> {
        if (!row.bind(":owner", std::string_view{owner}).step()) return std::nullopt;
        Decision one;
        one.number = row.integer(0);
        one.at_ms = row.integer(1);
        one.before = row.text(2);
        return one;
    };
    const auto from = [&](std::int64_t number) {
        auto row = db_.prepare(kFrom);
        return found(row.bind(":number", number));
    };
    const auto oldest = from(0);
    if (!oldest || oldest->at_ms >= before_ms) return 0;  // the usual case: nothing is locked

    Database::Transaction transaction(db_);
    const auto noted = chain_of(db_, owner);
    if (!noted) return 0;  // verify() says so
    const auto end = oldest->number + at_most;
    auto newer = db_.prepare(kNewer);
    newer.bind(":number", oldest->number).bind(":end", end).bind(":before_ms", before_ms);
    auto left = found(newer);
    if (!left) left = from(end);
    // Without one left, the next record builds on the last.
    const auto first = left ? left->number : noted->last.number + 1;
    const auto& before = left ? left->before : noted->last.sha256;
    db_.prepare(kForget).bind(":owner", std::string_view{owner}).bind(":number", first).run();
    const auto count = db_.changes();
    db_.prepare(kSetFirst)
        .bind(":owner", std::string_view{owner})
        .bind(":number", first)
        .bind(":before", std::string_view{before})
        .run();
    transaction.commit();
    return count;
}

}  // namespace bucky::storage
