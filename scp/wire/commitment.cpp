// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/commitment.h"

#include <filesystem>

#include "conf/base/limits.h"
#include "scp/wire/check.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/receive_dataset.h"

namespace bucky::scp {
namespace {

void copy_uid(DIC_UI& to, std::string_view uid) {
    OFStandard::strlcpy(to, std::string{uid}.c_str(), sizeof(DIC_UI));
}

OFCondition send(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                 T_DIMSE_Message& message, DcmDataset* dataset) {
    return DIMSE_sendMessageUsingMemoryData(&assoc, context, &message, nullptr, dataset, nullptr,
                                            nullptr);
}

DcmItem& add_reference(DcmItem& to, const DcmTagKey& sequence, const ObjectReference& object) {
    constexpr long kAppend = -2;
    DcmItem* item = nullptr;
    check(to.findOrCreateSequenceItem(sequence, item, kAppend), "write a reference");
    check(item->putAndInsertString(DCM_ReferencedSOPClassUID, object.sop_class.str().c_str()),
          "write a reference");
    check(item->putAndInsertString(DCM_ReferencedSOPInstanceUID, object.sop_instance.str().c_str()),
          "write a reference");
    return *item;
}

Uid uid_in(DcmItem& item, const DcmTagKey& tag, std::string_view name) {
    OFString text;
    if (item.findAndGetOFString(tag, text).bad() || text.empty()) {
        throw Error(Fault::bad_input, "{} is missing", name);
    }
    return Uid{text};
}

ObjectReference reference_in(DcmItem& item) {
    return {uid_in(item, DCM_ReferencedSOPClassUID, "Referenced SOP Class UID"),
            uid_in(item, DCM_ReferencedSOPInstanceUID, "Referenced SOP Instance UID")};
}

/// Calls visit(item) for each item of a sequence, which need not be there.
template <typename PendingConnection>
void for_each_item(DcmItem& in, const DcmTagKey& tag, PendingConnection&& visit) {
    DcmSequenceOfItems* sequence = nullptr;
    if (in.findAndGetSequence(tag, sequence).bad() || sequence == nullptr) return;
    if (sequence->card() > limits::kCommitmentObjectsMax) {
        throw Error(Fault::exhausted, "names more than {} instances",
                    limits::kCommitmentObjectsMax);
    }
    // The next in the container: asking a list for its Nth item walks it from the start.
    DcmObject* item = nullptr;
    while ((item = sequence->nextInContainer(item)) != nullptr) {
        visit(static_cast<DcmItem&>(*item));
    }
}

}  // namespace

void send_commitment_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                             DIC_US message_id, const CommitmentRequest& request) {
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_ACTION_RQ;
    auto& asked = message.msg.NActionRQ;
    asked.MessageID = message_id;
    copy_uid(asked.RequestedSOPClassUID, kCommitmentClass);
    copy_uid(asked.RequestedSOPInstanceUID, kCommitmentInstance);
    asked.ActionTypeID = kRequestCommitment;
    asked.DataSetType = DIMSE_DATASET_PRESENT;
    DcmDataset dataset;
    check(dataset.putAndInsertString(DCM_TransactionUID, request.transaction.str().c_str()),
          "write the Transaction UID");
    for (const auto& object : request.objects) {
        add_reference(dataset, DCM_ReferencedSOPSequence, object);
    }
    check(send(assoc, context, message, &dataset), "ask for storage commitment");
}

OFCondition send_commitment_report(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                   DIC_US message_id, const CommitmentAnswer& answer) {
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_EVENT_REPORT_RQ;
    auto& told = message.msg.NEventReportRQ;
    told.MessageID = message_id;
    copy_uid(told.AffectedSOPClassUID, kCommitmentClass);
    copy_uid(told.AffectedSOPInstanceUID, kCommitmentInstance);
    told.EventTypeID = answer.failed.empty() ? kAllKept : kSomeNotKept;
    told.DataSetType = DIMSE_DATASET_PRESENT;
    DcmDataset dataset;
    check(dataset.putAndInsertString(DCM_TransactionUID, answer.transaction.str().c_str()),
          "write the Transaction UID");
    for (const auto& object : answer.kept) {
        add_reference(dataset, DCM_ReferencedSOPSequence, object);
    }
    for (const auto& [object, reason] : answer.failed) {
        auto& item = add_reference(dataset, DCM_FailedSOPSequence, object);
        check(item.putAndInsertUint16(DCM_FailureReason, reason), "write a failure reason");
    }
    return send(assoc, context, message, &dataset);
}

OFCondition answer_commitment_report(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                     const T_DIMSE_N_EventReportRQ& request, std::uint16_t status) {
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_EVENT_REPORT_RSP;
    auto& said = message.msg.NEventReportRSP;
    said.MessageIDBeingRespondedTo = request.MessageID;
    copy_uid(said.AffectedSOPClassUID, request.AffectedSOPClassUID);
    copy_uid(said.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID);
    said.EventTypeID = request.EventTypeID;
    said.DimseStatus = status;
    said.DataSetType = DIMSE_DATASET_NULL;
    said.opts = O_NEVENTREPORT_AFFECTEDSOPCLASSUID | O_NEVENTREPORT_AFFECTEDSOPINSTANCEUID |
                O_NEVENTREPORT_EVENTTYPEID;
    return send(assoc, context, message, nullptr);
}

OFCondition answer_commitment_request(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                                      const T_DIMSE_N_ActionRQ& request, std::uint16_t status,
                                      std::string_view comment) {
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_ACTION_RSP;
    auto& said = message.msg.NActionRSP;
    said.MessageIDBeingRespondedTo = request.MessageID;
    copy_uid(said.AffectedSOPClassUID, request.RequestedSOPClassUID);
    copy_uid(said.AffectedSOPInstanceUID, request.RequestedSOPInstanceUID);
    said.ActionTypeID = request.ActionTypeID;
    said.DimseStatus = status;
    said.DataSetType = DIMSE_DATASET_NULL;
    said.opts =
        O_NACTION_AFFECTEDSOPCLASSUID | O_NACTION_AFFECTEDSOPINSTANCEUID | O_NACTION_ACTIONTYPEID;
    DcmDataset detail;
    if (!comment.empty()) {
        (void)detail.putAndInsertString(DCM_ErrorComment, std::string{comment}.c_str());
    }
    return DIMSE_sendMessageUsingMemoryData(
        &assoc, context, &message, comment.empty() ? nullptr : &detail, nullptr, nullptr, nullptr);
}

ReceivedDataset receive_commitment_dataset(T_ASC_Association& assoc,
                                           T_ASC_PresentationContextID context, ScratchFiles& files,
                                           int timeout_s) {
    ReceivedDataset received{EC_Normal, nullptr, std::nullopt};
    T_ASC_PresentationContext negotiated{};
    received.condition = ASC_findAcceptedPresentationContext(assoc.params, context, &negotiated);
    if (received.condition.bad()) return received;
    std::unique_ptr<ScratchFile> file;
    try {
        file = files.open_scratch();
    } catch (const Error& error) {  // reported after the data set has been read to its end
        received.failure = error;
    }
    IncomingDataset stream(file.get(), limits::kCommitmentBytesMax);
    T_ASC_PresentationContextID came_in = 0;
    received.condition = receive_dataset(assoc, timeout_s, came_in, stream);
    if (received.condition.bad()) return received;
    if (stream.failure()) received.failure = *stream.failure();
    if (received.failure) return received;
    try {
        if (came_in != context) throw Error(Fault::bad_input, "data set came in another context");
        must_be_even(stream, negotiated.acceptedTransferSyntax);
        file->flush();
        const auto walked = read_dataset_header(file->path(), 0, negotiated.acceptedTransferSyntax);
        if (walked.elements > limits::kCommitmentElementsMax) {
            throw Error(Fault::exhausted, "has more than {} elements",
                        limits::kCommitmentElementsMax);
        }
        received.dataset = std::make_unique<DcmDataset>();
        const auto syntax = DcmXfer(negotiated.acceptedTransferSyntax).getXfer();
        if (received.dataset->loadFile(file->path().c_str(), syntax).bad() ||
            received.dataset->loadAllDataIntoMemory().bad()) {
            throw Error(Fault::bad_input, "cannot be read");
        }
    } catch (const Error& error) {  // answered with a status; the association goes on
        received.dataset.reset();
        received.failure = error;
    }
    return received;
}

CommitmentRequest read_commitment_request(DcmItem& dataset) {
    CommitmentRequest request{uid_in(dataset, DCM_TransactionUID, "Transaction UID"), {}};
    for_each_item(dataset, DCM_ReferencedSOPSequence,
                  [&](DcmItem& item) { request.objects.push_back(reference_in(item)); });
    if (request.objects.empty()) throw Error(Fault::bad_input, "no instance is named");
    return request;
}

CommitmentAnswer read_commitment_report(DcmItem& dataset) {
    CommitmentAnswer answer;
    answer.transaction = uid_in(dataset, DCM_TransactionUID, "Transaction UID");
    for_each_item(dataset, DCM_ReferencedSOPSequence,
                  [&](DcmItem& item) { answer.kept.push_back(reference_in(item)); });
    for_each_item(dataset, DCM_FailedSOPSequence, [&](DcmItem& item) {
        constexpr Uint16 kProcessingFailure = 0x0110;  // the type 1 reason may be missing
        Uint16 reason = 0;
        (void)item.findAndGetUint16(DCM_FailureReason, reason);
        answer.failed.push_back({reference_in(item), reason == 0 ? kProcessingFailure : reason});
    });
    return answer;
}

}  // namespace bucky::scp
