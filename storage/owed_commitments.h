// SPDX-License-Identifier: Apache-2.0
// OwedCommitments: storage commitment requests of callers (PS3.4 Annex J) until their reports are
// accepted.
//
// The request is durable before its N-ACTION is answered with success. From then on the caller is
// owed a report. It gets it on its own association or on a new one, also after a crash. The content
// of the report is determined when it is sent: rows of the database, and files of the right size. A
// request ends when the caller has accepted the report, or when its sender gives it up. The amount
// owed to one caller, to one address and in all is bounded (limits::kCommitmentOfCallerMax).
// Threads: one OwedCommitments per worker, over that worker's Database.
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

    /// Stores the request. Until `not_before_ms` only the association that it came on may report.
    /// The same transaction of the same caller is stored once, with the objects named last.
    /// Throws exhausted, and stores nothing, when the limits are reached. Crash points:
    /// owed.before_commit, owed.after_commit.
    std::int64_t take(const OwedCommitment& asked, const std::vector<ObjectReference>& objects,
                      std::int64_t not_before_ms);

    /// The request that has been due longest, among requesters that may be called now. It counts as
    /// tried and is not due again before `until_ms`.
    using MayCall = std::function<bool(const std::string& requester)>;
    std::optional<OwedCommitment> next(std::int64_t until_ms, const MayCall& may_call = {});

    /// A request that is due later than `longest_wait_ms` from now was dated by a wrong clock, so
    /// it is due now.
    void bound_waits(std::int64_t longest_wait_ms);

    /// The current state of the objects that it names (PS3.3 C.14.1.1 for the reasons).
    CommitmentAnswer answer(const OwedCommitment& owed);

    /// The caller has accepted the report: nothing is owed. Crash point before: owed.after_report.
    void settled(std::int64_t id);

    void retry_later(std::int64_t id, std::int64_t not_before_ms, std::string_view why);

    /// Whether the clock may decide that something has been tried for long enough (expiry.h).
    bool may_give_up();

    /// Gives up what this requester asked for at `asked_by_ms` or before. Returns how many.
    std::int64_t give_up(const std::string& requester, std::int64_t asked_by_ms);

    std::optional<std::int64_t> next_due_ms();

    /// The same for each requester, not before it may be called, and only where there is something
    /// to report.
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
