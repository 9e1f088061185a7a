// SPDX-License-Identifier: Apache-2.0
// fake_modality: stores files, requests storage commitment for them and waits for the report, on
// the same association or on one that the node opens. Like fake_pacs, it is built on DCMTK alone.
//
// stdout: the port on which it listens; "store HEX UID" for each file; "action HEX"; for each
// instance of a report "held UID" or "failed HEX UID", then "report same|new role TYPE". The exit
// status is 0 once a report has come.
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "tools/fake_pacs/wire.h"

namespace {

struct Options {
    int port = 0;
    std::string ae = "XRAY1", called = "BUCKY", to;
    std::vector<std::string> files;
    std::vector<std::string> also;  ///< further instances to request, never sent
    std::string transaction = "2.25.4711";
    int hold_s = 0;   ///< time for which the association stays open for the report
    int wait_s = 20;  ///< then, time to wait for a new association
};

fake::Reference file_contexts(const std::string& file, fake::Reference& instance) {
    DcmFileFormat format;
    fake::must(format.loadFile(file.c_str()), "read a file");
    OFString sop_class, uid, syntax;
    (void)format.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPClassUID, sop_class);
    (void)format.getMetaInfo()->findAndGetOFString(DCM_MediaStorageSOPInstanceUID, uid);
    (void)format.getMetaInfo()->findAndGetOFString(DCM_TransferSyntaxUID, syntax);
    instance = {sop_class, uid};
    return {sop_class, syntax};
}

void store(T_ASC_Association* assoc, const std::string& file, const fake::Reference& instance) {
    T_DIMSE_C_StoreRQ request{};
    request.MessageID = assoc->nextMsgID++;
    OFStandard::strlcpy(request.AffectedSOPClassUID, instance.first.c_str(), sizeof(DIC_UI));
    OFStandard::strlcpy(request.AffectedSOPInstanceUID, instance.second.c_str(), sizeof(DIC_UI));
    request.DataSetType = DIMSE_DATASET_PRESENT;
    request.Priority = DIMSE_PRIORITY_MEDIUM;
    T_DIMSE_C_StoreRSP response{};
    DcmDataset* detail = nullptr;
    const auto context = ASC_findAcceptedPresentationContextID(assoc, instance.first.c_str());
    fake::must(DIMSE_storeUser(assoc, context, &request, file.c_str(), nullptr, nullptr, nullptr,
                               DIMSE_NONBLOCKING, 30, &response, &detail),
               "store");
    delete detail;
    fmt::print("store {:04X} {}\n", response.DimseStatus, instance.second);
    std::fflush(stdout);
}

/// Waits for a report until the peer ends the association or the time is over.
bool hear(T_ASC_Association* assoc, int seconds, const char* where) {
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    const OFCondition got =
        DIMSE_receiveCommand(assoc, DIMSE_NONBLOCKING, seconds, &context, &message, nullptr);
    if (got == DUL_PEERREQUESTEDRELEASE) {
        (void)ASC_acknowledgeRelease(assoc);
        return false;
    }
    if (got.bad() || message.CommandField != DIMSE_N_EVENT_REPORT_RQ) return false;
    const auto report = fake::take_report(assoc, context, message.msg.NEventReportRQ);
    if (!report) return false;
    for (const auto& [reference, reason] : report->instances) {
        reason == 0 ? fmt::print("held {}\n", reference.second)
                    : fmt::print("failed {:04X} {}\n", reason, reference.second);
    }
    T_ASC_PresentationContext accepted{};
    (void)ASC_findAcceptedPresentationContext(assoc->params, context, &accepted);
    fmt::print("report {} {} type {} transaction {}\n", where,
               accepted.proposedRole == ASC_SC_ROLE_SCP ? "SCP" : "default", report->event_type,
               report->transaction);
    std::fflush(stdout);
    return true;
}

bool listen_for_report(T_ASC_Network* net, int seconds) {
    T_ASC_Association* assoc = nullptr;
    const OFCondition got = ASC_receiveAssociation(net, &assoc, ASC_DEFAULTMAXPDU, nullptr, nullptr,
                                                   OFFalse, DUL_NOBLOCK, seconds);
    bool heard = false;
    if (got.good()) {
        const char* classes[] = {UID_StorageCommitmentPushModelSOPClass};
        const char* syntaxes[] = {UID_LittleEndianExplicitTransferSyntax,
                                  UID_LittleEndianImplicitTransferSyntax};
        (void)ASC_acceptContextsWithPreferredTransferSyntaxes(assoc->params, classes, 1, syntaxes,
                                                              2, ASC_SC_ROLE_SCP);
        heard = ASC_acknowledgeAssociation(assoc).good() && hear(assoc, seconds, "new");
        if (heard) {  // the node releases the association
            T_ASC_PresentationContextID context = 0;
            T_DIMSE_Message message{};
            const OFCondition end =
                DIMSE_receiveCommand(assoc, DIMSE_NONBLOCKING, 10, &context, &message, nullptr);
            if (end == DUL_PEERREQUESTEDRELEASE) (void)ASC_acknowledgeRelease(assoc);
        }
    }
    if (assoc != nullptr) {
        (void)ASC_dropAssociation(assoc);
        (void)ASC_destroyAssociation(&assoc);
    }
    return heard;
}

int run(const Options& options) {
    T_ASC_Network* net = fake::listen_on(options.port, NET_ACCEPTORREQUESTOR);
    std::vector<fake::Reference> instances, contexts;
    for (const auto& file : options.files) {
        contexts.push_back(file_contexts(file, instances.emplace_back()));
    }
    auto* assoc =
        fake::call(net, options.to, options.ae, options.called, ASC_SC_ROLE_DEFAULT, contexts);
    if (assoc == nullptr) fake::fail("no association");
    for (std::size_t i = 0; i < options.files.size(); ++i) {
        store(assoc, options.files[i], instances[i]);
    }
    for (const auto& uid : options.also) {
        instances.emplace_back("1.2.840.10008.5.1.4.1.1.1.1", uid);
    }
    const auto asked = fake::ask_commitment(assoc, {options.transaction, instances});
    if (!asked) fake::fail("the N-ACTION was not answered");
    fmt::print("action {:04X}\n", *asked);
    std::fflush(stdout);
    bool heard = options.hold_s > 0 && hear(assoc, options.hold_s, "same");
    (void)ASC_releaseAssociation(assoc);
    (void)ASC_destroyAssociation(&assoc);
    if (!heard && options.wait_s > 0) heard = listen_for_report(net, options.wait_s);
    (void)ASC_dropNetwork(&net);
    return heard ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"A modality for tests that requests storage commitment."};
    app.add_option("--port", options.port, "TCP port for reports; 0: any free one");
    app.add_option("--ae", options.ae, "its AE title");
    app.add_option("--called", options.called, "the node's AE title");
    app.add_option("--to", options.to, "HOST:PORT of the node")->required();
    app.add_option("--also", options.also,
                   "also request commitment for this instance, which is not sent");
    app.add_option("--transaction", options.transaction, "Transaction UID");
    app.add_option("--hold", options.hold_s, "seconds to hold the association for the report");
    app.add_option("--wait", options.wait_s, "seconds to wait for a new association");
    app.add_option("files", options.files, "what it stores");
    CLI11_PARSE(app, argc, argv);
    fake::start_dcmtk();
    return run(options);
}
