// SPDX-License-Identifier: Apache-2.0
// Commitment serves the Storage Commitment Push Model (PS3.4 Annex J) on one association, in both
// roles. It accepts a modality's request, and reports on the same association if the modality holds
// it open and idle. It also accepts the report of a destination that we have asked.
//
// Reports that are still owed when the association ends belong to the CommitmentScp. One Commitment
// per session thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "scp/receive/session.h"
#include "scp/receive/store.h"
#include "scp/wire/commitment.h"
#include "storage/owed_commitments.h"

namespace bucky::scp {

class Commitment {
public:
    Commitment(const SessionContext& context, Caller caller)
        : context_(context), caller_(std::move(caller)) {}

    /// N-ACTION: stored durably before it is answered. Here and below, the condition is bad when
    /// the association is lost.
    OFCondition take_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                             const T_DIMSE_N_ActionRQ& request);

    /// N-EVENT-REPORT of a destination: recorded before it is answered.
    OFCondition take_report(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                            const T_DIMSE_N_EventReportRQ& request);

    /// Whether a report can be sent now: one is owed, and the last one has been answered.
    bool may_report() const noexcept { return !owed_.empty() && !reported_; }

    /// Sends the N-EVENT-REPORT that has been owed longest. Its answer is given to
    /// report_answered().
    OFCondition report(T_ASC_Association& assoc);
    void report_answered(const T_DIMSE_N_EventReportRSP& response) noexcept;

    /// The association is over: reports that are still owed become due on another one.
    void association_ended() noexcept;

private:
    struct Owed {
        storage::OwedCommitment owed;
        T_ASC_PresentationContextID context;
    };
    struct Reported {
        std::int64_t owed_id;
        DIC_US message_id;
    };

    /// How a message is answered.
    struct Judgement {
        OFCondition condition;  ///< bad when the association is lost
        std::uint16_t status;
        std::string why;             ///< for the log, where the status does not say it
        std::string_view comment{};  ///< for the caller, likewise
    };
    using Take = std::function<std::uint16_t(const ReceivedDataset&)>;

    Judgement judge(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                    T_DIMSE_DataSetType type, const Take& take);
    void tell_refusal(std::string_view event, const Judgement& judged);
    void keep(DcmItem& dataset, T_ASC_PresentationContextID context);
    void note(DcmItem& dataset);
    storage::Database& database();
    int read_timeout_s() const { return static_cast<int>(context_.settings.scp.read_timeout_s); }

    const SessionContext& context_;
    const Caller caller_;
    std::optional<DatabasePool::Lease> db_;
    std::deque<Owed> owed_;
    std::optional<Reported> reported_;
};

}  // namespace bucky::scp
