// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/commitment_messages.h"

#include <algorithm>

#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "scp/wire/contexts.h"
#include "scp/wire/status.h"

namespace bucky::scp {
namespace {

/// How long the association that brought a request may report on it before it is tried elsewhere. A
/// crash delays a report by no more than this; an association that ends hands it over at once.
constexpr std::int64_t kOursMs = 120'000;

// PS3.7 10.1.1.1.8 and 10.1.4.1.10
constexpr std::uint16_t kNoSuchInstance = 0x0112;
constexpr std::uint16_t kInvalidArgument = 0x0115;
constexpr std::uint16_t kClassInstanceConflict = 0x0119;
constexpr std::uint16_t kNoSuchAction = 0x0123;
constexpr std::uint16_t kProcessingFailure = 0x0110;
constexpr std::uint16_t kResourceLimitation = 0x0213;

std::uint16_t action_status(Fault fault) {
    switch (fault) {
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt: return kInvalidArgument;
        case Fault::unavailable:
        case Fault::exhausted: return kResourceLimitation;
        case Fault::bug: return kProcessingFailure;
    }
    __builtin_unreachable();
}

}  // namespace

storage::Database& Commitment::database() {
    if (!db_) db_.emplace(context_.databases.lease());
    return **db_;
}

/// Reads the data set of a message and calls `take` to judge the message. `take` decides whether a
/// failed read matters, because the command itself may be at fault.
Commitment::Judgement Commitment::judge(T_ASC_Association& assoc,
                                        T_ASC_PresentationContextID context,
                                        T_DIMSE_DataSetType type, const Take& take) {
    if (type == DIMSE_DATASET_NULL) {
        return {EC_Normal, kInvalidArgument, "no data set came with the message"};
    }
    const auto received =
        receive_commitment_dataset(assoc, context, context_.spool, read_timeout_s());
    if (received.condition.bad()) return {received.condition, kProcessingFailure, ""};
    try {
        return {EC_Normal, take(received), ""};
    } catch (const Error& error) {  // answered with a status; the association goes on
        return {EC_Normal, action_status(error.fault()), error.what(),
                error_comment(error.fault())};
    } catch (const std::exception& error) {  // answered with a status, too
        return {EC_Normal, kProcessingFailure, error.what()};
    }
}

void Commitment::tell_refusal(std::string_view event, const Judgement& judged) {
    if (judged.status == kSuccess) return;
    log::event(log::Level::warning, event,
               {{"assoc", caller_.association},
                {"from", caller_.calling_ae},
                {"status", fmt::format("{:04X}", judged.status)},
                {"why", judged.why}});
}

OFCondition Commitment::take_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                     const T_DIMSE_N_ActionRQ& request) {
    const auto take = [&](const ReceivedDataset& received) -> std::uint16_t {
        if (std::string_view{request.RequestedSOPClassUID} != kCommitmentClass) {
            return kClassInstanceConflict;
        }
        if (std::string_view{request.RequestedSOPInstanceUID} != kCommitmentInstance) {
            return kNoSuchInstance;
        }
        if (request.ActionTypeID != kRequestCommitment) return kNoSuchAction;
        if (received.failure) throw Error(*received.failure);
        keep(*received.dataset, context);
        return kSuccess;
    };
    const auto judged = judge(assoc, context, request.DataSetType, take);
    if (judged.condition.bad()) return judged.condition;
    tell_refusal("commitment.refused", judged);
    return answer_commitment_request(assoc, context, request, judged.status, judged.comment);
}

void Commitment::keep(DcmItem& dataset, T_ASC_PresentationContextID context) {
    const auto request = read_commitment_request(dataset);
    storage::OwedCommitment owed;
    owed.transaction = request.transaction;
    owed.requester = caller_.calling_ae;
    owed.called_ae = caller_.called_ae;
    owed.peer_address = caller_.address;
    storage::OwedCommitments all_owed(database(), context_.clock, context_.settings.node.data_dir);
    owed.id = all_owed.take(owed, request.objects, context_.clock.now_ms() + kOursMs);
    log::event("commitment.asked_of_us", {{"assoc", caller_.association},
                                          {"from", caller_.calling_ae},
                                          {"transaction", request.transaction.str()},
                                          {"objects", request.objects.size()}});
    std::erase_if(owed_, [&](const Owed& one) { return one.owed.id == owed.id; });
    owed_.push_back({std::move(owed), context});
}

OFCondition Commitment::report(T_ASC_Association& assoc) {
    const Owed owed = std::move(owed_.front());
    owed_.pop_front();
    reported_ = Reported{owed.owed.id, assoc.nextMsgID++};
    try {
        storage::OwedCommitments all_owed(database(), context_.clock,
                                          context_.settings.node.data_dir);
        const auto answer = all_owed.answer(owed.owed);
        log::event("commitment.reported", {{"assoc", caller_.association},
                                           {"to", caller_.calling_ae},
                                           {"transaction", owed.owed.transaction.str()},
                                           {"kept", answer.kept.size()},
                                           {"failed", answer.failed.size()}});
        return send_commitment_report(assoc, owed.context, reported_->message_id, answer);
    } catch (const std::exception& error) {  // the CommitmentScp will report it
        log::event(log::Level::warning, "commitment.not_reported",
                   {{"assoc", caller_.association}, {"why", error.what()}});
        return EC_Normal;
    }
}

void Commitment::report_answered(const T_DIMSE_N_EventReportRSP& response) noexcept {
    if (!reported_ || response.MessageIDBeingRespondedTo != reported_->message_id) return;
    const auto owed_id = reported_->owed_id;
    try {
        storage::OwedCommitments all_owed(database(), context_.clock,
                                          context_.settings.node.data_dir);
        if (response.DimseStatus == kSuccess) {
            all_owed.settled(owed_id);
            metrics::count("bucky_commitment_reports_total", {{"end", "heard"}});
        } else {
            all_owed.retry_later(
                owed_id, context_.clock.now_ms() + kOursMs,
                fmt::format("the report was answered {:04X}", response.DimseStatus));
        }
    } catch (const std::exception& error) {  // it is reported once more, which does no harm
        log::event(log::Level::warning, "commitment.end_not_noted",
                   {{"assoc", caller_.association}, {"why", error.what()}});
    }
    reported_.reset();
}

OFCondition Commitment::take_report(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                    const T_DIMSE_N_EventReportRQ& request) {
    const auto take = [&](const ReceivedDataset& received) {
        if (received.failure) throw Error(*received.failure);
        note(*received.dataset);
        return kSuccess;
    };
    const auto judged = judge(assoc, context, request.DataSetType, take);
    if (judged.condition.bad()) return judged.condition;
    tell_refusal("commitment.report_refused", judged);
    return answer_commitment_report(assoc, context, request, judged.status);
}

/// An answer counts when it belongs to a request to a destination with this AE title.
void Commitment::note(DcmItem& dataset) {
    const auto answer = read_commitment_report(dataset);
    storage::Commitments commitments(database(), context_.clock);
    for (const auto& destination : context_.settings.destinations) {
        if (destination.ae_title.str() != caller_.calling_ae) continue;
        if (!commitments.answered(destination.name, answer)) continue;
        log::event("commitment.heard", {{"assoc", caller_.association},
                                        {"from", destination.name},
                                        {"transaction", answer.transaction.str()},
                                        {"kept", answer.kept.size()},
                                        {"failed", answer.failed.size()}});
        context_.work.ring();
        return;
    }
    throw Error(Fault::bad_input, "none of our requests to this caller");
}

void Commitment::association_ended() noexcept {
    if (owed_.empty() && !reported_) return;
    try {
        storage::OwedCommitments all_owed(database(), context_.clock,
                                          context_.settings.node.data_dir);
        const auto now_ms = context_.clock.now_ms();
        for (const auto& owed : owed_) all_owed.retry_later(owed.owed.id, now_ms, "");
        if (reported_) {
            all_owed.retry_later(reported_->owed_id, now_ms,
                                 "the association ended before the report was answered");
        }
        owed_.clear();
        reported_.reset();
        context_.work.ring();
    } catch (const std::exception& error) {  // it becomes due by itself after kOursMs
        log::event(log::Level::warning, "commitment.end_not_noted",
                   {{"assoc", caller_.association}, {"why", error.what()}});
    }
}

}  // namespace bucky::scp
