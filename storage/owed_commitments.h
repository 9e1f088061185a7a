// SPDX-License-Identifier: Apache-2.0
// OwedCommitments: what callers asked this node to keep (PS3.4 Annex J), until they have heard the
// answer.
//
// The request is durable before its N-ACTION is answered with success: from then on the caller is
// owed a report, and gets it on the association it holds or on a new one, after a crash too. What
// the report says is looked up when it is sent: rows of the database and files of the right size.
// A owed ends when the caller has taken the report, or when whoever sends it gives it up. How
// much may be owed to one caller, to one address and in all is bounded
// (limits::kCommitmentOfCallerMax). Threads: one OwedCommitments per worker, over that worker's
// Database.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/ids.h"
#include "storage/commitments.h"
#include "storage/database.h"

namespace bucky::storage {

struct OwedCommitment {
    std::int64_t id = 0;
    Uid transaction;
    std::string requester, called_ae, peer_address;
    int attempt = 0;
    std::int64_t asked_at_ms = 0;
    std::string last_error;
};

class OwedCommitments {
public:
    OwedCommitments(Database& db, const Clock& clock, std::filesystem::path data_dir)
        : db_(db), clock_(clock), data_dir_(std::move(data_dir)) {}

    /// Keeps the request. Until `not_before_ms` it is the association's it came on. The same
    /// transaction of the same caller is the same owed, with the objects named last.
    /// Throws exhausted, and keeps nothing, when as much is owed as may be. Crash points:
    /// owed.before_commit, owed.after_commit.
    std::int64_t take(const OwedCommitment& asked, const std::vector<ObjectReference>& objects,
                      std::int64_t not_before_ms);

    /// The one that is due longest, counted as tried and not due again before `until_ms`; of those
    /// requesters alone that may be called now.
    using MayCall = std::function<bool(const std::string& requester)>;
    std::optional<OwedCommitment> next(std::int64_t until_ms, const MayCall& may_call = {});

    /// What is due later than `longest_wait_ms` from now was dated by another clock: it is due now.
    void bound_waits(std::int64_t longest_wait_ms);

    /// What can be said now of the objects it names (PS3.3 C.14.1.1 for the reasons).
    CommitmentAnswer answer(const OwedCommitment& owed);

    /// The caller has heard: nothing is owed. Crash point before: owed.after_report.
    void settled(std::int64_t id);

    void retry_later(std::int64_t id, std::int64_t not_before_ms, std::string_view why);

    /// Whether the clock may decide that something has been tried for long enough (expiry.h).
    bool may_give_up();

    /// What this requester asked for at `asked_by_ms` or before is not owed any more. Returns how
    /// many.
    std::int64_t give_up(const std::string& requester, std::int64_t asked_by_ms);

    std::optional<std::int64_t> next_due_ms();

    /// The same, of each requester not before it is free, and not of those for which nothing is
    /// said.
    using FreeAt = std::function<std::optional<std::int64_t>(const std::string& requester)>;
    std::optional<std::int64_t> next_due_ms(const FreeAt& free_at_ms);
    std::vector<OwedCommitment> owed(std::int64_t at_most);  ///< oldest first

private:
    struct First {
        std::string requester;
        std::int64_t id, not_before_ms;
    };
    std::uint16_t reason_against(const ObjectReference& object);
    void check_quota(const OwedCommitment& asked, std::size_t objects);
    std::vector<First> first_of_each();

    Database& db_;
    const Clock& clock_;
    std::filesystem::path data_dir_;
};

}  // namespace bucky::storage
