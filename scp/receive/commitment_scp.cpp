// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/commitment_scp.h"

#include <atomic>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/backoff.h"
#include "conf/run/poll_loop.h"
#include "scp/receive/database_pool.h"
#include "scp/receive/peer_pauses.h"
#include "scp/wire/association.h"
#include "scp/wire/commitment.h"
#include "scp/wire/contexts.h"
#include "scp/wire/status.h"
#include "scp/wire/target.h"
#include "storage/database.h"
#include "storage/owed_commitments.h"
#include "storage/site.h"

namespace bucky::scp {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr Backoff::Limits kBackoff{
    .first_ms = 5 * kSecondMs, .cap_ms = 900 * kSecondMs, .give_up_days = 7};
constexpr std::int64_t kLeaseMs = 300 * kSecondMs;  ///< longer than one report can take

}  // namespace

struct CommitmentScp::Impl {
    Impl(const conf::Settings& told, const Clock& at, Wakeup& rung, int give_up)
        : settings(told),
          clock(at),
          work(rung),
          give_up_fd(give_up),
          databases(storage::Site{told.node.data_dir}),
          db(storage::Site{told.node.data_dir}.open()),
          owed_(db, clock, told.node.data_dir) {}

    /// A report that is due; its caller is called by this thread only.
    struct Claim {
        storage::OwedCommitment owed;
        PeerPauses::Turn turn;
    };
    /// A thread that calls one caller.
    struct Calling {
        std::jthread thread;
        std::shared_ptr<std::atomic<bool>> done;
    };

    bool start_next();
    std::optional<std::int64_t> next_due_ms();
    std::optional<Claim> claim();
    void serve(Claim claim, const std::stop_token& stop) noexcept;
    void report(storage::OwedCommitments& all_owed, const storage::OwedCommitment& owed);
    std::optional<Target> address_of(const std::string& requester) const;
    void later(storage::OwedCommitments& all_owed, const storage::OwedCommitment& owed,
               std::string_view why);

    const conf::Settings& settings;
    const Clock& clock;
    Wakeup& work;
    const int give_up_fd;
    DatabasePool databases;  ///< of the calling threads
    storage::Database db;
    storage::OwedCommitments owed_;
    PeerPauses pauses{kBackoff};
    const Backoff backoff{kBackoff};
    std::list<Calling> calling;  ///< used only by run()'s thread
};

CommitmentScp::CommitmentScp(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                             int give_up_fd)
    : impl_(std::make_unique<Impl>(settings, clock, work, give_up_fd)) {}

CommitmentScp::~CommitmentScp() = default;

bool CommitmentScp::report_next() {
    const auto claim = impl_->claim();
    if (!claim) return false;
    impl_->report(impl_->owed_, claim->owed);
    return true;
}

void CommitmentScp::run(std::stop_token stop) {
    auto& self = *impl_;
    run_loop(
        {[&self] { return self.start_next(); }, [&self] { return self.next_due_ms(); },
         [](const std::exception& error) {
             log::event(log::Level::error, "commitment.report_failed", {{"why", error.what()}});
         }},
        stop, self.clock, self.work);
    for (auto& one : self.calling) one.thread.request_stop();
    self.calling.clear();
}

/// Starts a thread for the caller whose report has been due longest. False: none is due, or the
/// limit of calls is reached; the first one that ends notifies.
bool CommitmentScp::Impl::start_next() {
    std::erase_if(calling, [](const Calling& one) { return one.done->load(); });
    if (calling.size() >= limits::kCommitmentCallersAtOnce) return false;
    auto next = claim();
    if (!next) return false;
    const auto done = std::make_shared<std::atomic<bool>>(false);
    auto taken = std::make_shared<Claim>(std::move(*next));
    calling.push_back({std::jthread([this, taken, done](const std::stop_token& stop) {
                           serve(std::move(*taken), stop);
                           *done = true;
                           work.ring();
                       }),
                       done});
    return true;
}

std::optional<std::int64_t> CommitmentScp::Impl::next_due_ms() {
    if (calling.size() >= limits::kCommitmentCallersAtOnce) return std::nullopt;
    const auto now_ms = clock.now_ms();
    const auto steady_ms = clock.steady_ms();
    return owed_.next_due_ms([&](const std::string& requester) -> std::optional<std::int64_t> {
        if (pauses.is_called(requester)) return std::nullopt;
        return now_ms + pauses.rests_until_ms(requester, steady_ms) - steady_ms;
    });
}

std::optional<CommitmentScp::Impl::Claim> CommitmentScp::Impl::claim() {
    owed_.bound_waits(backoff.longest_wait_ms());
    const auto steady_ms = clock.steady_ms();
    auto owed = owed_.next(clock.now_ms() + kLeaseMs, [&](const std::string& requester) {
        return pauses.is_free(requester, steady_ms);
    });
    if (!owed) return std::nullopt;
    auto turn = pauses.begin(owed->requester);
    return Claim{std::move(*owed), std::move(turn)};
}

/// Sends reports until none is due to this caller or it did not accept one.
void CommitmentScp::Impl::serve(Claim claim, const std::stop_token& stop) noexcept {
    const auto requester = claim.owed.requester;
    try {
        const auto lease = databases.lease();
        storage::OwedCommitments all_owed(*lease, clock, settings.node.data_dir);
        std::optional<storage::OwedCommitment> owed = std::move(claim.owed);
        while (owed) {
            report(all_owed, *owed);
            if (stop.stop_requested()) return;
            const auto steady_ms = clock.steady_ms();
            if (pauses.rests_until_ms(requester, steady_ms) > steady_ms) return;
            owed = all_owed.next(clock.now_ms() + kLeaseMs,
                                 [&](const std::string& other) { return other == requester; });
        }
    } catch (const std::exception& error) {  // of the database or the disk: the report stays owed
        pauses.failed(requester, clock.steady_ms());
        log::event(log::Level::error, "commitment.report_failed",
                   {{"to", requester}, {"why", error.what()}});
    }
}

void CommitmentScp::Impl::report(storage::OwedCommitments& all_owed,
                                 const storage::OwedCommitment& owed) {
    auto target = address_of(owed.requester);
    if (!target) {
        return later(all_owed, owed,
                     fmt::format("nobody knows where {} listens: give its [[peer]] row host and "
                                 "port",
                                 owed.requester));
    }
    target->give_up_fd = give_up_fd;
    Offer offer{std::string{kCommitmentClass},
                {std::string{kExplicitLittleEndian}, std::string{kImplicitLittleEndian}}};
    offer.as_scp = true;
    try {
        Association association(*target, AeTitle{owed.called_ae}, {&offer, 1});
        if (association.contexts().front().transfer_syntax.empty()) {
            return later(all_owed, owed,
                         "it accepts no report of storage commitment: " +
                             association.contexts().front().refusal);
        }
        const auto answer = all_owed.answer(owed);
        const auto said = association.report_commitment(answer);
        if (said.status != kSuccess) {
            return later(all_owed, owed,
                         fmt::format("the report was answered {:04X}", said.status));
        }
        all_owed.settled(owed.id);
        pauses.answered(owed.requester);
        association.release();
        metrics::count("bucky_commitment_reports_total", {{"end", "heard"}});
        log::event("commitment.reported", {{"to", owed.requester},
                                           {"transaction", owed.transaction.str()},
                                           {"kept", answer.kept.size()},
                                           {"failed", answer.failed.size()},
                                           {"attempt", owed.attempt}});
    } catch (const Error& error) {  // tried again after the caller's pause
        later(all_owed, owed, error.what());
    }
}

std::optional<Target> CommitmentScp::Impl::address_of(const std::string& requester) const {
    for (const auto& peer : settings.peers) {
        if (peer.ae_title != requester || peer.host.empty()) continue;
        Target target;
        target.ae = AeTitle{requester};
        target.host = peer.host;
        target.port = static_cast<std::uint16_t>(peer.port);
        return target;
    }
    for (const auto& destination : settings.destinations) {
        if (destination.ae_title.str() == requester) return target_of(destination);
    }
    return std::nullopt;
}

/// The report is tried again after the caller's pause. After a week all of its reports of that age
/// are given up together, because each would otherwise wait for a pause of its own.
void CommitmentScp::Impl::later(storage::OwedCommitments& all_owed,
                                const storage::OwedCommitment& owed, std::string_view why) {
    const auto now_ms = clock.now_ms();
    const auto wait_ms = pauses.failed(owed.requester, clock.steady_ms());
    if (backoff.is_over(owed.asked_at_ms, now_ms) && all_owed.may_give_up()) {
        const auto given_up = all_owed.give_up(
            owed.requester, now_ms - kBackoff.give_up_days * 24 * 3600 * kSecondMs);
        metrics::count("bucky_commitment_reports_total", {{"end", "given_up"}},
                       static_cast<double>(given_up));
        log::event(log::Level::error, "commitment.report_given_up",
                   {{"to", owed.requester},
                    {"transaction", owed.transaction.str()},
                    {"reports", given_up},
                    {"why", why}});
        return;
    }
    all_owed.retry_later(owed.id, now_ms + wait_ms, why);
    log::event(log::Level::warning, "commitment.not_reported",
               {{"to", owed.requester}, {"why", why}, {"next_in_s", wait_ms / kSecondMs}});
}

}  // namespace bucky::scp
