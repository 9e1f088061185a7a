// SPDX-License-Identifier: Apache-2.0
#include "tools/fake_pacs/wire.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "tools/fake_pacs/port.h"

namespace fake {
namespace {

constexpr int kPatienceS = 20;

void copy_uid(char* to, std::string_view uid) {
    OFStandard::strlcpy(to, std::string{uid}.c_str(), sizeof(DIC_UI));
}

void add_reference(DcmItem& to, const DcmTagKey& sequence, const Reference& reference,
                   unsigned reason) {
    DcmItem* item = nullptr;
    must(to.findOrCreateSequenceItem(sequence, item, -2), "add an item");
    must(item->putAndInsertString(DCM_ReferencedSOPClassUID, reference.first.c_str()), "a class");
    must(item->putAndInsertString(DCM_ReferencedSOPInstanceUID, reference.second.c_str()),
         "an instance");
    if (reason != 0) {
        must(item->putAndInsertUint16(DCM_FailureReason, static_cast<Uint16>(reason)), "a reason");
    }
}

std::vector<std::pair<Reference, unsigned>> references_of(DcmItem& in, const DcmTagKey& sequence) {
    std::vector<std::pair<Reference, unsigned>> found;
    DcmItem* item = nullptr;
    for (long at = 0; in.findAndGetSequenceItem(sequence, item, at).good(); ++at) {
        OFString sop_class, instance;
        Uint16 reason = 0;
        (void)item->findAndGetOFString(DCM_ReferencedSOPClassUID, sop_class);
        (void)item->findAndGetOFString(DCM_ReferencedSOPInstanceUID, instance);
        (void)item->findAndGetUint16(DCM_FailureReason, reason);
        found.emplace_back(Reference{sop_class, instance}, reason);
    }
    return found;
}

std::unique_ptr<DcmDataset> receive_dataset(T_ASC_Association* assoc) {
    T_ASC_PresentationContextID context = 0;
    DcmDataset* raw = nullptr;
    const OFCondition got = DIMSE_receiveDataSetInMemory(assoc, DIMSE_NONBLOCKING, kPatienceS,
                                                         &context, &raw, nullptr, nullptr);
    std::unique_ptr<DcmDataset> dataset{raw};
    return got.good() ? std::move(dataset) : nullptr;
}

T_ASC_PresentationContextID commitment_context(T_ASC_Association* assoc) {
    return ASC_findAcceptedPresentationContextID(assoc, UID_StorageCommitmentPushModelSOPClass);
}

bool send(T_ASC_Association* assoc, T_ASC_PresentationContextID context, T_DIMSE_Message& message,
          DcmDataset* dataset) {
    return DIMSE_sendMessageUsingMemoryData(assoc, context, &message, nullptr, dataset, nullptr,
                                            nullptr)
        .good();
}

std::optional<T_DIMSE_Message> receive_answer(T_ASC_Association* assoc, T_DIMSE_Command expected) {
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    const OFCondition got =
        DIMSE_receiveCommand(assoc, DIMSE_NONBLOCKING, kPatienceS, &context, &message, nullptr);
    if (got.bad() || got == DUL_PEERREQUESTEDRELEASE || message.CommandField != expected) {
        return std::nullopt;
    }
    return message;
}

}  // namespace

void fail(const std::string& words) {
    fmt::print(stderr, "fake: {}\n", words);
    std::exit(2);
}

void must(const OFCondition& made, const char* doing) {
    if (made.bad()) fail(fmt::format("{}: {}", doing, made.text()));
}

void start_dcmtk() {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    dcmDisableGethostbyaddr.set(OFTrue);
    ::setenv("TCP_NODELAY", "1", 1);
}

T_ASC_Network* listen_on(int port, T_ASC_NetworkRole role) {
    // DCMTK cannot report a port that it chose, and cannot use a socket that already listens.
    const int chosen = port == 0 ? free_port() : port;
    T_ASC_Network* net = nullptr;
    if (ASC_initializeNetwork(role, chosen, 30, &net).bad()) {
        fail(fmt::format("cannot listen on port {}", chosen));
    }
    fmt::print("{}\n", chosen);
    std::fflush(stdout);
    return net;
}

bool CommitmentReport::has_failures() const {
    return std::any_of(instances.begin(), instances.end(),
                       [](const auto& one) { return one.second != 0; });
}

std::optional<unsigned> ask_commitment(T_ASC_Association* assoc, const CommitmentRequest& request) {
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_ACTION_RQ;
    auto& asked = message.msg.NActionRQ;
    asked.MessageID = assoc->nextMsgID++;
    copy_uid(asked.RequestedSOPClassUID, UID_StorageCommitmentPushModelSOPClass);
    copy_uid(asked.RequestedSOPInstanceUID, UID_StorageCommitmentPushModelSOPInstance);
    asked.ActionTypeID = 1;
    asked.DataSetType = DIMSE_DATASET_PRESENT;
    DcmDataset dataset;
    must(dataset.putAndInsertString(DCM_TransactionUID, request.transaction.c_str()), "a UID");
    for (const auto& reference : request.instances) {
        add_reference(dataset, DCM_ReferencedSOPSequence, reference, 0);
    }
    if (!send(assoc, commitment_context(assoc), message, &dataset)) return std::nullopt;
    const auto answer = receive_answer(assoc, DIMSE_N_ACTION_RSP);
    if (!answer) return std::nullopt;
    return answer->msg.NActionRSP.DimseStatus;
}

std::optional<CommitmentRequest> take_commitment(T_ASC_Association* assoc,
                                                 T_ASC_PresentationContextID context,
                                                 const T_DIMSE_N_ActionRQ& request,
                                                 unsigned status) {
    const auto dataset = receive_dataset(assoc);
    if (!dataset) return std::nullopt;
    CommitmentRequest taken;
    OFString transaction;
    (void)dataset->findAndGetOFString(DCM_TransactionUID, transaction);
    taken.transaction = transaction;
    for (auto& [reference, reason] : references_of(*dataset, DCM_ReferencedSOPSequence)) {
        taken.instances.push_back(std::move(reference));
    }
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_ACTION_RSP;
    auto& said = message.msg.NActionRSP;
    said.MessageIDBeingRespondedTo = request.MessageID;
    copy_uid(said.AffectedSOPClassUID, request.RequestedSOPClassUID);
    copy_uid(said.AffectedSOPInstanceUID, request.RequestedSOPInstanceUID);
    said.ActionTypeID = request.ActionTypeID;
    said.DataSetType = DIMSE_DATASET_NULL;
    said.DimseStatus = static_cast<DIC_US>(status);
    said.opts =
        O_NACTION_AFFECTEDSOPCLASSUID | O_NACTION_AFFECTEDSOPINSTANCEUID | O_NACTION_ACTIONTYPEID;
    if (!send(assoc, context, message, nullptr)) return std::nullopt;
    return taken;
}

std::optional<unsigned> report_commitment(T_ASC_Association* assoc,
                                          const CommitmentReport& report) {
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_EVENT_REPORT_RQ;
    auto& told = message.msg.NEventReportRQ;
    told.MessageID = assoc->nextMsgID++;
    copy_uid(told.AffectedSOPClassUID, UID_StorageCommitmentPushModelSOPClass);
    copy_uid(told.AffectedSOPInstanceUID, UID_StorageCommitmentPushModelSOPInstance);
    told.EventTypeID = report.has_failures() ? 2 : 1;
    told.DataSetType = DIMSE_DATASET_PRESENT;
    DcmDataset dataset;
    must(dataset.putAndInsertString(DCM_TransactionUID, report.transaction.c_str()), "a UID");
    for (const auto& [reference, reason] : report.instances) {
        add_reference(dataset, reason == 0 ? DCM_ReferencedSOPSequence : DCM_FailedSOPSequence,
                      reference, reason);
    }
    if (!send(assoc, commitment_context(assoc), message, &dataset)) return std::nullopt;
    const auto answer = receive_answer(assoc, DIMSE_N_EVENT_REPORT_RSP);
    if (!answer) return std::nullopt;
    return answer->msg.NEventReportRSP.DimseStatus;
}

std::optional<CommitmentReport> take_report(T_ASC_Association* assoc,
                                            T_ASC_PresentationContextID context,
                                            const T_DIMSE_N_EventReportRQ& request) {
    const auto dataset = receive_dataset(assoc);
    if (!dataset) return std::nullopt;
    CommitmentReport taken;
    OFString transaction;
    (void)dataset->findAndGetOFString(DCM_TransactionUID, transaction);
    taken.transaction = transaction;
    taken.event_type = request.EventTypeID;
    for (const auto& sequence : {DCM_ReferencedSOPSequence, DCM_FailedSOPSequence}) {
        for (auto& one : references_of(*dataset, sequence)) taken.instances.push_back(one);
    }
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_N_EVENT_REPORT_RSP;
    auto& said = message.msg.NEventReportRSP;
    said.MessageIDBeingRespondedTo = request.MessageID;
    said.DataSetType = DIMSE_DATASET_NULL;
    if (!send(assoc, context, message, nullptr)) return std::nullopt;
    return taken;
}

T_ASC_Association* call(T_ASC_Network* net, const std::string& address, const std::string& calling,
                        const std::string& called, T_ASC_SC_ROLE role,
                        const std::vector<Reference>& storage_contexts) {
    T_ASC_Parameters* params = nullptr;
    must(ASC_createAssociationParameters(&params, ASC_MAXIMUMPDUSIZE), "prepare a call");
    must(ASC_setAPTitles(params, calling.c_str(), called.c_str(), nullptr), "set the titles");
    must(ASC_setPresentationAddresses(params, "localhost", address.c_str()), "set the address");
    const char* syntaxes[] = {UID_LittleEndianImplicitTransferSyntax};
    unsigned id = 1;
    must(ASC_addPresentationContext(params, 1, UID_StorageCommitmentPushModelSOPClass, syntaxes, 1,
                                    role),
         "propose a context");
    for (const auto& [sop_class, transfer_syntax] : storage_contexts) {
        const char* one[] = {transfer_syntax.c_str()};
        id += 2;
        must(ASC_addPresentationContext(params, static_cast<T_ASC_PresentationContextID>(id),
                                        sop_class.c_str(), one, 1),
             "propose a context");
    }
    T_ASC_Association* assoc = nullptr;
    if (ASC_requestAssociation(net, params, &assoc).good()) return assoc;
    if (assoc != nullptr) {
        (void)ASC_destroyAssociation(&assoc);
    } else {
        (void)ASC_destroyAssociationParameters(&params);
    }
    return nullptr;
}

}  // namespace fake
