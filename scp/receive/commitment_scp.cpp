// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/commitment_scp.h"

#include <optional>
#include <string>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/poll_loop.h"
#include "scp/deliver/backoff.h"
#include "scp/wire/association.h"
#include "scp/wire/commitment.h"
#include "scp/wire/contexts.h"
#include "scp/wire/status.h"
#include "scp/wire/target.h"
#include "storage/database.h"
#include "storage/owed_commitments.h"

namespace bucky::scp {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr Backoff::Limits kPatience{
    .first_ms = 5 * kSecondMs, .cap_ms = 900 * kSecondMs, .give_up_days = 7};
constexpr std::int64_t kLeaseMs = 300 * kSecondMs;  ///< longer than one report can take

}  // namespace

struct CommitmentScp::Impl {
    Impl(const conf::Settings& told, const Clock& at, Wakeup& rung, int give_up)
        : settings(told),
          clock(at),
          work(rung),
          give_up_fd(give_up),
          db(told.database_file()),
          pledges(db, clock, told.node.data_dir) {}

    bool report_next();
    void report(const storage::OwedCommitment& pledge);
    std::optional<Target> address_of(const std::string& requester) const;
    void later(const storage::OwedCommitment& pledge, std::string_view why);

    const conf::Settings& settings;
    const Clock& clock;
    Wakeup& work;
    const int give_up_fd;
    storage::Database db;
    storage::OwedCommitments pledges;
    Backoff backoff{kPatience};
};

CommitmentScp::CommitmentScp(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                             int give_up_fd)
    : impl_(std::make_unique<Impl>(settings, clock, work, give_up_fd)) {}

CommitmentScp::~CommitmentScp() = default;

bool CommitmentScp::report_next() {
    return impl_->report_next();
}

void CommitmentScp::run(std::stop_token stop) {
    auto& self = *impl_;
    run_loop(
        {[&self] { return self.report_next(); }, [&self] { return self.pledges.next_due_ms(); },
         [](const std::exception& error) {
             log::event(log::Level::error, "commitment.report_failed", {{"why", error.what()}});
         }},
        stop, self.clock, self.work);
}

bool CommitmentScp::Impl::report_next() {
    const auto pledge = pledges.next(clock.now_ms() + kLeaseMs);
    if (!pledge) return false;
    report(*pledge);
    return true;
}

void CommitmentScp::Impl::report(const storage::OwedCommitment& pledge) {
    auto target = address_of(pledge.requester);
    if (!target) {
        return later(pledge, fmt::format("nobody knows where {} listens: give its [[peer]] row "
                                         "host and port",
                                         pledge.requester));
    }
    target->give_up_fd = give_up_fd;
    Offer offer{std::string{kCommitmentClass},
                {std::string{kExplicitLittleEndian}, std::string{kImplicitLittleEndian}}};
    offer.as_scp = true;
    try {
        Association association(*target, AeTitle{pledge.called_ae}, {&offer, 1});
        if (association.contexts().front().transfer_syntax.empty()) {
            return later(pledge, "it accepts no report of storage commitment: " +
                                     association.contexts().front().refusal);
        }
        const auto answer = pledges.answer(pledge);
        const auto said = association.report_commitment(answer);
        if (said.status != kSuccess) {
            return later(pledge, fmt::format("the report was answered {:04X}", said.status));
        }
        pledges.settled(pledge.id);
        association.release();
        metrics::count("bucky_commitment_reports_total", {{"end", "heard"}});
        log::event("commitment.reported", {{"to", pledge.requester},
                                           {"transaction", pledge.transaction.str()},
                                           {"kept", answer.kept.size()},
                                           {"failed", answer.failed.size()},
                                           {"attempt", pledge.attempt}});
    } catch (const Error& error) {
        later(pledge, error.what());
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

void CommitmentScp::Impl::later(const storage::OwedCommitment& pledge, std::string_view why) {
    const auto now_ms = clock.now_ms();
    if (backoff.is_over(pledge.asked_at_ms, now_ms)) {
        pledges.settled(pledge.id);
        metrics::count("bucky_commitment_reports_total", {{"end", "given_up"}});
        log::event(
            log::Level::error, "commitment.report_given_up",
            {{"to", pledge.requester}, {"transaction", pledge.transaction.str()}, {"why", why}});
        return;
    }
    const auto wait_ms = backoff.wait_ms(pledge.attempt);
    pledges.retry_later(pledge.id, now_ms + wait_ms, why);
    log::event(log::Level::warning, "commitment.not_reported",
               {{"to", pledge.requester}, {"why", why}, {"next_in_s", wait_ms / kSecondMs}});
}

}  // namespace bucky::scp
