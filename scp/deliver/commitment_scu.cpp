// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/commitment_scu.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>
#include <string>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "conf/run/poll_loop.h"
#include "scp/deliver/retry_limits.h"
#include "scp/wire/association.h"
#include "scp/wire/commitment.h"
#include "scp/wire/contexts.h"
#include "scp/wire/status.h"
#include "scp/wire/target.h"
#include "storage/commitments.h"
#include "storage/database.h"
#include "storage/expiry.h"
#include "storage/holds.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/site.h"
#include "storage/spool.h"

namespace bucky::scp {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kLeaseSlackMs = 60 * kSecondMs;

/// How long the association is held for a report. If the last report came on another association,
/// the next one is held for a moment only, because many studies may wait.
constexpr std::chrono::milliseconds kHold{2000};
constexpr std::chrono::milliseconds kHoldBriefly{100};
constexpr std::chrono::milliseconds kGlance{50};  ///< between looks at what sessions recorded

constexpr std::string_view kDoesNotKeep = "it does not keep what it takes";

/// It cannot be guessed, so a peer that names it got it from us.
Uid new_transaction(std::string_view destination) {
    std::random_device random;
    std::string name = "commitment " + std::string{destination};
    for (int i = 0; i < 8; ++i) name += fmt::format(" {:08x}", random());
    return Uid::from_name(name);
}

}  // namespace

struct CommitmentScu::Impl {
    Impl(const conf::Settings& settings, const conf::DestinationSettings& to, const Clock& at,
         Wakeup& rung, int give_up_fd)
        : destination(to),
          target(target_of(to)),
          backoff(retry_limits(to)),
          calling(settings.node.ae_title),
          lane(storage::Lane::commit(to.name)),
          clock(at),
          work(rung),
          db(storage::Site{settings.node.data_dir}.open()),
          holds(settings.node.data_dir),
          spool(settings.spool_dir()),
          jobs(db, clock, std::max(backoff.longest_wait_ms(), timeout_ms())),
          journal(db, clock),
          commitments(db, clock) {
        target.give_up_fd = give_up_fd;
    }

    bool commit_next();
    void commit(const storage::Job& job);
    void ask(const storage::Job& job, const std::vector<ObjectReference>& objects);
    void await_report(const storage::Job& job, Association& association, const Uid& transaction);
    void deliver_again(const storage::Job& job);
    bool settled(const storage::Job& job);
    bool is_too_old(const storage::Job& job) {
        return backoff.is_over(job.submitted_at_ms, clock.now_ms()) &&
               storage::may_expire(db, clock);
    }
    void retry(const storage::Job& job, std::int64_t wait_ms, std::string_view why);
    void park(const storage::Job& job, std::string_view why);
    void not_reached(const storage::Job& job, std::string_view why);
    std::int64_t timeout_ms() const { return destination.commitment_timeout_s * kSecondMs; }

    const conf::DestinationSettings destination;
    Target target;
    Backoff backoff;
    const AeTitle calling;
    const storage::Lane lane;
    const Clock& clock;
    Wakeup& work;
    storage::Database db;
    const storage::Holds holds;
    storage::Spool spool;
    storage::JobQueue jobs;
    storage::Journal journal;
    storage::Commitments commitments;

    std::chrono::milliseconds hold = kHold;
    int failures = 0;  ///< attempts in a row without an answer to an N-ACTION
    std::int64_t paused_until_steady_ms = 0;
};

CommitmentScu::CommitmentScu(const conf::Settings& settings,
                             const conf::DestinationSettings& destination, const Clock& clock,
                             Wakeup& work, int give_up_fd)
    : impl_(std::make_unique<Impl>(settings, destination, clock, work, give_up_fd)) {}

CommitmentScu::~CommitmentScu() = default;

bool CommitmentScu::commit_next() {
    return impl_->commit_next();
}

void CommitmentScu::run(std::stop_token stop) {
    auto& self = *impl_;
    const auto next_due_ms = [&self] {
        auto due_ms = self.jobs.next_due_ms(self.lane);
        if (self.holds.is_held(self.destination.name)) due_ms.reset();  // looked at again soon
        const auto pause_ms = self.paused_until_steady_ms - self.clock.steady_ms();
        if (due_ms) due_ms = std::max(*due_ms, self.clock.now_ms() + pause_ms);
        return due_ms;
    };
    run_loop({[&self] { return self.commit_next(); }, next_due_ms,
              [&self](const std::exception& error) {
                  log::event(log::Level::error, "commitment.failed",
                             {{"to", self.destination.name}, {"why", error.what()}});
              }},
             stop, self.clock, self.work);
}

bool CommitmentScu::Impl::commit_next() {
    if (clock.steady_ms() < paused_until_steady_ms || holds.is_held(destination.name)) return false;
    const std::int64_t lease_ms =
        (destination.connect_timeout_s + 2 * destination.response_timeout_s) * kSecondMs +
        kHold.count() + kLeaseSlackMs;
    const auto job = jobs.claim(lane, lease_ms);
    if (!job) return false;
    crash_point("commitment.after_claim");
    commit(*job);
    return true;
}

void CommitmentScu::Impl::commit(const storage::Job& job) {
    const auto lines = commitments.of_study(job.study);
    const bool some_failed = std::any_of(lines.begin(), lines.end(), [&](const auto& line) {
        return line.destination == destination.name && line.failure != 0;
    });
    if (some_failed) return deliver_again(job);
    if (settled(job)) return;
    if (job.attempt > 1 && is_too_old(job)) {
        return park(job,
                    backoff.given_up(job.last_error.empty() ? kDoesNotKeep
                                                            : std::string_view{job.last_error}));
    }
    ask(job, commitments.unpromised(destination.name, job.study));
}

/// Whether there is nothing to request now. Read and written in one transaction, because a delivery
/// that ends meanwhile makes due only a job that is not running.
bool CommitmentScu::Impl::settled(const storage::Job& job) {
    storage::Database::Transaction open(db);
    if (commitments.on_the_way(destination.name, job.study)) {
        // A delivery that is still open makes this job due when it ends.
        jobs.retry_later(job, clock.now_ms() + timeout_ms(), "");
        open.commit();
        return true;
    }
    if (!commitments.unpromised(destination.name, job.study).empty()) return false;
    const bool ours = jobs.finish(job);
    open.commit();
    if (ours) {
        metrics::count("bucky_commitments_total", {{"destination", destination.name}});
        log::event("commitment.complete", {{"by", destination.name}, {"study", job.study}});
    }
    return true;
}

void CommitmentScu::Impl::ask(const storage::Job& job,
                              const std::vector<ObjectReference>& objects) {
    const Offer offer{std::string{kCommitmentClass},
                      {std::string{kExplicitLittleEndian}, std::string{kImplicitLittleEndian}}};
    const Uid transaction = new_transaction(destination.name);
    try {
        Association association(target, calling, {&offer, 1});
        if (association.contexts().front().transfer_syntax.empty()) {
            return park(job, fmt::format("it does not offer storage commitment ({}): allow it "
                                         "there, or set commitment = false here",
                                         association.contexts().front().refusal));
        }
        commitments.asking(destination.name, job.study, transaction, objects);
        const auto answer = association.ask_commitment({transaction, objects});
        crash_point("commitment.after_ask");
        failures = 0;
        log::event("commitment.requested", {{"to", destination.name},
                                            {"study", job.study},
                                            {"transaction", transaction.str()},
                                            {"objects", objects.size()},
                                            {"status", fmt::format("{:04X}", answer.status)}});
        switch (meaning_of_store_status(answer.status)) {
            case SendVerdict::delivered:
            case SendVerdict::already_there: break;
            case SendVerdict::try_later:
                return retry(job, backoff.wait_ms(job.attempt),
                             words_for_store_status(answer.status));
            case SendVerdict::refused:
            case SendVerdict::class_not_accepted:
                return park(job, fmt::format("the request was refused: {}",
                                             words_for_store_status(answer.status)));
        }
        await_report(job, association, transaction);
    } catch (const Error& error) {  // decides whether to try again
        switch (error.fault()) {
            case Fault::bad_input:
            case Fault::corrupt:
            case Fault::bug: return park(job, error.what());
            case Fault::unsupported:
            case Fault::unavailable:
            case Fault::exhausted: return not_reached(job, error.what());
        }
    }
}

/// The report may come on this association, on one that the destination opens, or not at all.
void CommitmentScu::Impl::await_report(const storage::Job& job, Association& association,
                                       const Uid& transaction) {
    bool heard = false;
    try {
        for (auto waited = 0ms; waited < hold && !heard; waited += kGlance) {
            heard =
                association.hear_commitment(kGlance, spool, [&](const CommitmentAnswer& answer) {
                    return commitments.answered(destination.name, answer);
                });
            if (!heard && commitments.is_answered(transaction)) break;
        }
        association.release();
    } catch (const Error& error) {  // the request was sent, whatever becomes of this association
        log::event(log::Level::warning, "commitment.broken",
                   {{"to", destination.name}, {"why", error.what()}});
    }
    hold = heard ? kHold : kHoldBriefly;
    // If it was answered elsewhere meanwhile, it is due at once. In one transaction with the
    // request, because the session that records the answer makes due only a job that is not
    // running.
    storage::Database::Transaction open(db);
    const bool due = heard || commitments.is_answered(transaction);
    jobs.retry_later(job, clock.now_ms() + (due ? 0 : timeout_ms()),
                     due ? "" : "asked; its report has not come yet");
    open.commit();
}

/// Delivers lost objects again: at once the first time, later after a back-off.
void CommitmentScu::Impl::deliver_again(const storage::Job& job) {
    if (is_too_old(job)) return park(job, backoff.given_up(kDoesNotKeep));
    constexpr int kFirstTime = 2;  // the claim of the request, and this one
    const std::int64_t wait =
        job.attempt <= kFirstTime ? 0 : backoff.wait_ms(job.attempt - kFirstTime);
    storage::Database::Transaction open(db);
    const auto again =
        commitments.deliver_again(destination.name, job.study, clock.now_ms() + wait);
    jobs.retry_later(job, clock.now_ms() + timeout_ms(),
                     fmt::format("{} objects were not kept and are sent again", again));
    open.commit();
    log::event(log::Level::warning, "commitment.deliver_again",
               {{"to", destination.name},
                {"study", job.study},
                {"objects", again},
                {"next_in_s", wait / kSecondMs}});
    metrics::count("bucky_commitment_failures_total", {{"destination", destination.name}});
    work.ring();
}

void CommitmentScu::Impl::retry(const storage::Job& job, std::int64_t after_ms,
                                std::string_view why) {
    if (is_too_old(job)) return park(job, backoff.given_up(why));
    jobs.retry_later(job, clock.now_ms() + after_ms, why);
}

void CommitmentScu::Impl::park(const storage::Job& job, std::string_view why) {
    storage::Database::Transaction open(db);
    if (jobs.park(job, why)) {
        journal.write(job.study, destination.name, storage::JournalEvent::commitment_refused, why);
    }
    open.commit();
    log::event(log::Level::warning, "commitment.parked",
               {{"to", destination.name}, {"study", job.study}, {"why", why}});
}

void CommitmentScu::Impl::not_reached(const storage::Job& job, std::string_view why) {
    const std::int64_t pause_ms = backoff.wait_ms(++failures);
    paused_until_steady_ms = clock.steady_ms() + pause_ms;
    log::event(log::Level::warning, "commitment.unreachable",
               {{"to", destination.name}, {"why", why}, {"next_in_s", pause_ms / kSecondMs}});
    retry(job, pause_ms, why);
}

}  // namespace bucky::scp
