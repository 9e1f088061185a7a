// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/courier.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "conf/base/error.h"
#include "conf/dicom/result_kinds.h"
#include "conf/dicom/transfer_syntaxes.h"
#include "conf/observe/audit.h"
#include "conf/observe/first_series.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "scp/deliver/retry_limits.h"
#include "scp/deliver/sent_audit.h"
#include "scp/deliver/sop_class_fallback.h"
#include "storage/commitments.h"
#include "storage/database.h"
#include "storage/expiry.h"
#include "storage/holds.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/site.h"
#include "storage/spool.h"

namespace bucky::scp {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kPollMs = 1000;   ///< the most that a lost wake-up costs
constexpr std::int64_t kLingerMs = 500;  ///< the two results of a study come in quick succession
constexpr std::int64_t kFreshMs = 300 * kSecondMs;    ///< older results are the backlog
constexpr std::int64_t kSendingMs = 600 * kSecondMs;  ///< ample for one result over a slow line

using Steady = std::chrono::steady_clock;

constexpr std::string_view kOurCharacterSet = "ISO_IR 192";  // of all objects of dicom_sr/

std::string_view syntax_of(PictureSyntax wanted) {
    switch (wanted) {
        case PictureSyntax::uncompressed: return transfer_syntax::kExplicitLittleEndian;
        case PictureSyntax::rle: return transfer_syntax::kRle;
        case PictureSyntax::jpeg_lossless: return transfer_syntax::kJpegLosslessSv1;
    }
    __builtin_unreachable();
}

}  // namespace

struct Courier::Impl {
    Impl(const conf::Settings& settings, const conf::DestinationSettings& to, const Clock& at,
         Wakeup& rung, std::unique_ptr<Sender> by)
        : destination(to),
          backoff(retry_limits(to)),
          lane(storage::Lane::deliver(to.name)),
          clock(at),
          work(rung),
          db(storage::Site{settings.node.data_dir}.open()),
          holds(settings.node.data_dir),
          results(settings.results_dir()),
          jobs(db, clock, backoff.longest_wait_ms()),
          journal(db, clock),
          outbox(db, results, clock),
          commitments(db, clock),
          sender(std::move(by)),
          fallback(db, clock, to.name, *sender) {
        for (const auto picture : kPictureClasses) {
            sender->prefer(picture, syntax_of(to.picture_syntax));
        }
        if (to.character_set != kOurCharacterSet) sender->write_text_in(to.character_set);
    }

    bool deliver_next();
    std::optional<storage::Job> claim();
    void deliver(const storage::Job& job);
    SendOutcome send(const std::filesystem::path& file);
    void not_reached(const storage::Job& job, std::string_view why);
    void pause_lane(const storage::Job& job, std::int64_t for_ms);
    bool paused();
    void settle(const storage::Job& job, const storage::Result& result, const SendOutcome& outcome,
                std::int64_t took_ms);
    void sent(const storage::Job& job, const storage::Result& result, const SendOutcome& outcome,
              std::int64_t took_ms);
    void not_sent(std::string_view event, const storage::Job& job, const SendOutcome& outcome);
    void finish(const storage::Job& job, std::string_view words);
    void note_journey(const storage::Result& result);
    void retry(const storage::Job& job, std::int64_t wait_ms, std::string_view why);
    void park(const storage::Job& job, std::string_view why);
    void make_again(const storage::Job& job, const storage::Result& result,
                    std::string_view sop_class);
    std::int64_t lease_ms() const;
    void rest(std::uint64_t seen, const std::stop_token& stop);

    const conf::DestinationSettings destination;
    Backoff backoff;
    const storage::Lane lane;
    const Clock& clock;
    Wakeup& work;
    storage::Database db;
    const storage::Holds holds;
    storage::Spool results;
    storage::JobQueue jobs;
    storage::Journal journal;
    storage::Outbox outbox;
    storage::Commitments commitments;
    const std::unique_ptr<Sender> sender;
    SopClassFallback fallback;

    bool backlog_was_served = false;  ///< in the last turn
    int failures = 0;                 ///< in a row: neither accepted nor refused for good
    std::int64_t paused_until_steady_ms = 0;
    storage::Job paused_by;  ///< the job that failed, as it was claimed
};

Courier::Courier(const conf::Settings& settings, const conf::DestinationSettings& destination,
                 const Clock& clock, Wakeup& work, std::unique_ptr<Sender> sender)
    : impl_(std::make_unique<Impl>(settings, destination, clock, work, std::move(sender))) {}

Courier::~Courier() = default;

bool Courier::deliver_next() {
    return impl_->deliver_next();
}

void Courier::run(std::stop_token stop) {
    metrics::begin_destination(impl_->destination.name);
    while (!stop.stop_requested()) {
        const auto seen = impl_->work.rings();
        try {
            if (impl_->deliver_next()) continue;
            impl_->rest(seen, stop);
        } catch (const std::exception& error) {  // its lease expires, and it is due again
            log::event(log::Level::error, "deliver.failed",
                       {{"to", impl_->destination.name}, {"why", error.what()}});
            impl_->work.wait_beyond(impl_->work.rings(), stop, std::chrono::milliseconds{kPollMs});
        }
    }
    impl_->sender->release();
}

bool Courier::Impl::deliver_next() {
    if (holds.is_held(destination.name) || paused()) return false;
    const auto job = claim();
    if (!job) return false;
    crash_point("courier.after_claim");
    deliver(*job);
    return true;
}

/// New results and the backlog take turns: new results by tenant, the backlog oldest first. So
/// after an outage a new result waits for one old one, not for thousands. While new results keep
/// coming, the backlog gets every second turn: it drains, and does not flood a PACS that has just
/// restarted.
std::optional<storage::Job> Courier::Impl::claim() {
    const std::int64_t border_ms = clock.now_ms() - kFreshMs;
    for (int turn = 0; turn < 2; ++turn) {
        backlog_was_served = !backlog_was_served;
        auto job = backlog_was_served ? jobs.claim_oldest(lane, lease_ms(), border_ms)
                                      : jobs.claim_new(lane, lease_ms(), border_ms);
        if (job) return job;
    }
    return std::nullopt;
}

/// Nothing is due: the association is kept for a moment, then released.
void Courier::Impl::rest(std::uint64_t seen, const std::stop_token& stop) {
    if (sender->connected()) {
        work.wait_beyond(seen, stop, std::chrono::milliseconds{kLingerMs});
        if (work.rings() == seen) sender->release();
        return;
    }
    if (holds.is_held(destination.name)) {
        work.wait_beyond(seen, stop, std::chrono::milliseconds{kPollMs});
        return;
    }
    const std::int64_t due_ms = jobs.next_due_ms(lane).value_or(clock.now_ms() + kPollMs);
    const std::int64_t wait_ms =
        std::max(due_ms - clock.now_ms(), paused_until_steady_ms - clock.steady_ms());
    work.wait_beyond(seen, stop,
                     std::chrono::milliseconds{std::clamp<std::int64_t>(wait_ms, 1, kPollMs)});
}

void Courier::Impl::deliver(const storage::Job& job) {
    const auto began = Steady::now();
    const auto result = outbox.result(job.subject);
    if (!result) return park(job, "there is no such result");
    try {
        sender->connect(result->file);
    } catch (const Error& error) {  // the fault decides: try again or park
        switch (error.fault()) {
            case Fault::bad_input:
            case Fault::corrupt:
            case Fault::bug: return park(job, error.what());
            case Fault::unsupported:
            case Fault::unavailable:
            case Fault::exhausted: return not_reached(job, error.what());
        }
    } catch (const std::exception& error) {  // of a library: as good as no connection
        return not_reached(job, error.what());
    }
    if (const auto instead = fallback.instead_of(*result))
        return make_again(job, *result, *instead);
    SentAudit trail{*result, destination};
    crash_point("courier.before_send");
    const SendOutcome outcome = send(result->file);
    trail.ended(outcome);
    crash_point("courier.after_send");
    failures = outcome.verdict == SendVerdict::try_later ? failures + 1 : 0;
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - began).count();
    settle(job, *result, outcome, took);
}

/// A Sender promises an outcome. An exception is one, too: otherwise the job would wait for the end
/// of its lease.
SendOutcome Courier::Impl::send(const std::filesystem::path& file) {
    try {
        return sender->send(file);
    } catch (const std::exception& error) {  // nobody knows how far it came: once more
        sender->release();
        return {.words = error.what()};
    }
}

/// No connection: a host that is off, a service that is down, an AE title that is not configured
/// yet. The back-off counts such failures in a row, whichever job met them.
void Courier::Impl::not_reached(const storage::Job& job, std::string_view why) {
    const std::int64_t pause_ms = backoff.wait_ms(++failures);
    pause_lane(job, pause_ms);
    metrics::count("bucky_delivery_failures_total", {{"destination", destination.name}});
    log::event(log::Level::warning, "deliver.unreachable",
               {{"to", destination.name}, {"why", why}, {"next_in_s", pause_ms / kSecondMs}});
    retry(job, pause_ms, why);
}

void Courier::Impl::pause_lane(const storage::Job& job, std::int64_t for_ms) {
    paused_until_steady_ms = clock.steady_ms() + for_ms;
    paused_by = job;
}

/// Resubmitting the failed job (or the whole lane) ends the pause.
bool Courier::Impl::paused() {
    if (clock.steady_ms() >= paused_until_steady_ms) return false;
    const auto all = jobs.jobs_of_study(paused_by.study);
    const bool resubmitted = std::any_of(all.begin(), all.end(), [&](const storage::Job& job) {
        return job.id == paused_by.id && job.submitted_at_ms != paused_by.submitted_at_ms;
    });
    if (resubmitted) paused_until_steady_ms = 0;
    return !resubmitted;
}

void Courier::Impl::settle(const storage::Job& job, const storage::Result& result,
                           const SendOutcome& outcome, std::int64_t took_ms) {
    switch (outcome.verdict) {
        case SendVerdict::delivered:
        case SendVerdict::already_there: return sent(job, result, outcome, took_ms);
        case SendVerdict::try_later: {
            // A single broken connection (or lack of a resource) may be the object's fault; two in
            // a row are the destination's.
            const std::int64_t pause_ms = backoff.wait_ms(std::max(job.attempt, failures));
            if (failures > 1) pause_lane(job, pause_ms);
            retry(job, pause_ms, outcome.words);
            return not_sent("deliver.retry", job, outcome);
        }
        case SendVerdict::class_not_accepted:
            if (const auto instead = fallback.after_refusal(result)) {
                return make_again(job, result, *instead);
            }
            [[fallthrough]];
        case SendVerdict::refused:
            park(job, outcome.words);
            return not_sent("deliver.refused", job, outcome);
    }
}

void Courier::Impl::sent(const storage::Job& job, const storage::Result& result,
                         const SendOutcome& outcome, std::int64_t took_ms) {
    finish(job, outcome.words);
    metrics::count("bucky_delivered_total", {{"destination", destination.name}});
    metrics::observe("bucky_stage_seconds", static_cast<double>(took_ms) / 1000.0,
                     {{"stage", "deliver"}});
    note_journey(result);
    log::event("deliver.sent", {{"to", destination.name},
                                {"sop", job.subject},
                                {"study", job.study},
                                {"kind", result.kind},
                                {"status", outcome.status},
                                {"attempt", job.attempt},
                                {"took_ms", took_ms}});
}

void Courier::Impl::not_sent(std::string_view event, const storage::Job& job,
                             const SendOutcome& outcome) {
    metrics::count("bucky_delivery_failures_total", {{"destination", destination.name}});
    log::event(log::Level::warning, event,
               {{"to", destination.name},
                {"sop", job.subject},
                {"study", job.study},
                {"status", outcome.status.empty() ? "none" : outcome.status},
                {"why", outcome.words},
                {"attempt", job.attempt}});
}

void Courier::Impl::finish(const storage::Job& job, std::string_view words) {
    storage::Database::Transaction transaction(db);
    if (jobs.finish(job)) {
        journal.write(job.study, job.subject, storage::JournalEvent::result_sent,
                      words.empty() ? "to " + destination.name
                                    : fmt::format("to {}: {}", destination.name, words));
        if (destination.commitment) commitments.delivery_ended(job, destination.name);
    }
    transaction.commit();
    if (destination.commitment) work.ring();
    crash_point("courier.after_commit");
}

/// The delivery time: from the last byte of the study to this object in the archive.
void Courier::Impl::note_journey(const storage::Result& result) {
    const auto last_byte_ms = outbox.last_byte_ms(result);
    if (last_byte_ms == 0) return;
    if (!clock.steps().trouble().empty()) return;  // the two times may be of different clocks
    const auto took_ms = std::max<std::int64_t>(clock.now_ms() - last_byte_ms, 0);
    metrics::observe("bucky_last_byte_to_delivered_seconds", static_cast<double>(took_ms) / 1000.0,
                     {{"destination", destination.name}});
}

void Courier::Impl::retry(const storage::Job& job, std::int64_t after_ms, std::string_view why) {
    const std::int64_t now = clock.now_ms();
    if (backoff.is_over(job.submitted_at_ms, now) && storage::may_expire(db, clock)) {
        return park(job, backoff.given_up(why));
    }
    storage::Database::Transaction transaction(db);
    if (jobs.retry_later(job, now + after_ms, why)) {
        journal.write_repeated(job.study, job.subject, storage::JournalEvent::result_retry,
                               fmt::format("to {}: {}", destination.name, why));
    }
    transaction.commit();
}

void Courier::Impl::park(const storage::Job& job, std::string_view why) {
    storage::Database::Transaction transaction(db);
    if (jobs.park(job, why)) {
        journal.write(job.study, job.subject, storage::JournalEvent::result_refused,
                      fmt::format("by {}: {}", destination.name, why));
        if (destination.commitment) commitments.delivery_ended(job, destination.name);
    }
    transaction.commit();
}

/// The report worker makes it again in the accepted class. Only once while the peer's answer
/// changes: a peer that accepts one class and then the other would keep both sides busy for ever.
/// An object that was being sent when the answer came does not count.
void Courier::Impl::make_again(const storage::Job& job, const storage::Result& result,
                               std::string_view sop_class) {
    const auto why = fmt::format("{} takes no {}, but {}", destination.name,
                                 name_of_class(result.sop_class.str()), name_of_class(sop_class));
    const auto before_ms = outbox.first_made_again_ms(job);
    if (before_ms && fallback.changed_since(result.sop_class.str(), *before_ms)) {
        return park(job, why + ", and a while ago it was the other way round");
    }
    if (!outbox.make_again(job, why)) return;
    log::event(
        "deliver.made_again",
        {{"to", destination.name}, {"sop", job.subject}, {"study", job.study}, {"why", why}});
    work.ring();  // its study is due for a report
}

/// Longer than one delivery can take, so that the lease of a running courier never expires.
std::int64_t Courier::Impl::lease_ms() const {
    return (destination.connect_timeout_s + 2 * destination.response_timeout_s) * kSecondMs +
           kSendingMs;
}

}  // namespace bucky::scp
