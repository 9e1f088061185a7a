// SPDX-License-Identifier: Apache-2.0
// fake_pacs: a peer for tests that stores what it receives, or misbehaves as its options say. It is
// built on DCMTK alone and shares nothing with scp/, so that it does not repeat our mistakes.
//
// The first line on stdout is the port. Each C-STORE becomes a file of its own in --dir,
// NNNNNN_<SOP Instance UID>.dcm, complete before the response is sent: a duplicate is a second
// file. A request for storage commitment is answered from the files in --dir, on the same
// association, or with --report-to on a new one. It serves one association after the other.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmf.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "tools/fake_pacs/behaviour.h"
#include "tools/fake_pacs/query.h"
#include "tools/fake_pacs/wire.h"

namespace {

namespace fs = std::filesystem;
using fake::Behaviour;
using fake::must;

constexpr int kForEverS = 3600;
constexpr unsigned kNoSuchInstance = 0x0112;  // PS3.3 C.14.1.1

struct Options {
    int port = 0;
    std::string ae = "FAKEPACS";
    fs::path dir = ".";
    std::vector<std::string> behave;
    std::string report_to;  ///< "HOST:PORT"; empty: the same association
};

class Pacs {
public:
    Pacs(Options options, Behaviour behaviour)
        : options_(std::move(options)), behave_(std::move(behaviour)) {}

    void serve(T_ASC_Network* net) {
        net_ = net;
        T_ASC_Association* assoc = nullptr;
        const OFCondition received = ASC_receiveAssociation(net, &assoc, ASC_MAXIMUMPDUSIZE);
        if (received.good()) {
            if (behave_.silent) {
                (void)ASC_dataWaiting(assoc, kForEverS);
            } else if (admit(assoc)) {
                // "deaf": received data stays in the kernel
                behave_.deaf ? std::this_thread::sleep_for(std::chrono::seconds{kForEverS})
                             : serve_requests(assoc);
            }
        }
        if (assoc != nullptr) {
            (void)ASC_dropAssociation(assoc);
            (void)ASC_destroyAssociation(&assoc);
        }
    }

private:
    bool admit(T_ASC_Association* assoc) {
        if (behave_.reject || behave_.congested) {
            const T_ASC_RejectParameters known{ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER,
                                               ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED};
            const T_ASC_RejectParameters full{ASC_RESULT_REJECTEDTRANSIENT,
                                              ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
                                              ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED};
            (void)ASC_rejectAssociation(assoc, behave_.congested ? &full : &known);
            (void)ASC_dropSCPAssociation(assoc, 5);
            return false;
        }
        accept_contexts(assoc->params);
        return ASC_acknowledgeAssociation(assoc).good();
    }

    bool refuses(std::string_view sop_class) const {
        const std::string name = dcmFindNameOfUID(std::string{sop_class}.c_str(), "");
        const bool is_report = name.find("SR") != std::string::npos;
        const bool is_picture = sop_class == UID_SecondaryCaptureImageStorage;
        return (behave_.no_sr && is_report) ||
               (behave_.text_and_cr && (is_report || is_picture) &&
                sop_class != UID_BasicTextSRStorage) ||
               (behave_.no_commitment && sop_class == UID_StorageCommitmentPushModelSOPClass);
    }

    void accept_contexts(T_ASC_Parameters* params) {
        for (int i = 0; i < ASC_countPresentationContexts(params); ++i) {
            T_ASC_PresentationContext one{};
            must(ASC_getPresentationContext(params, i, &one), "read a context");
            const char* taken = nullptr;
            for (int t = 0; t < one.transferSyntaxCount && taken == nullptr; ++t) {
                const char* proposed = one.proposedTransferSyntaxes[t];
                if (!behave_.implicit_only ||
                    std::string_view{proposed} == UID_LittleEndianImplicitTransferSyntax) {
                    taken = proposed;
                }
            }
            if (refuses(one.abstractSyntax)) {
                (void)ASC_refusePresentationContext(params, one.presentationContextID,
                                                    ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
            } else if (taken == nullptr) {
                (void)ASC_refusePresentationContext(params, one.presentationContextID,
                                                    ASC_P_TRANSFERSYNTAXESNOTSUPPORTED);
            } else {
                (void)ASC_acceptPresentationContext(params, one.presentationContextID, taken);
            }
        }
    }

    void serve_requests(T_ASC_Association* assoc) {
        while (true) {
            T_ASC_PresentationContextID context = 0;
            T_DIMSE_Message message{};
            const OFCondition received =
                DIMSE_receiveCommand(assoc, DIMSE_BLOCKING, 0, &context, &message, nullptr);
            if (received == DUL_PEERREQUESTEDRELEASE) {
                (void)ASC_acknowledgeRelease(assoc);
                return;
            }
            if (received.bad()) return;
            bool goes_on = false;
            if (message.CommandField == DIMSE_C_ECHO_RQ) {
                goes_on =
                    DIMSE_sendEchoResponse(assoc, context, &message.msg.CEchoRQ, 0, nullptr).good();
            } else if (message.CommandField == DIMSE_C_STORE_RQ) {
                goes_on = store(assoc, context, message.msg.CStoreRQ);
            } else if (message.CommandField == DIMSE_N_ACTION_RQ) {
                goes_on = commit(assoc, context, message.msg.NActionRQ);
            } else if (message.CommandField == DIMSE_C_FIND_RQ) {
                goes_on = fake::answer_find(assoc, context, message.msg.CFindRQ, behave_);
            } else if (message.CommandField == DIMSE_C_MOVE_RQ) {
                goes_on = fake::answer_move(assoc, context, message.msg.CMoveRQ, behave_);
            }
            if (!goes_on) return;
        }
    }

    /// Returns false when the association is over.
    bool store(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
               const T_DIMSE_C_StoreRQ& request) {
        ++stores_;
        const bool misbehave = behave_.only_first == 0 || stores_ <= behave_.only_first;
        unsigned status = misbehave ? behave_.status : 0;
        const auto& not_of = behave_.not_of;
        if (std::find(not_of.begin(), not_of.end(), request.AffectedSOPClassUID) != not_of.end()) {
            status = 0x0122;  // PS3.7 C.5.6
        }
        if (misbehave && behave_.abort_midway) {
            (void)ASC_dataWaiting(assoc, 5);  // its data set follows
            (void)ASC_abortAssociation(assoc);
            return false;
        }
        const fs::path file =
            options_.dir / fmt::format("{:06}_{}.dcm", stores_, request.AffectedSOPInstanceUID);
        const fs::path part = file.string() + ".part";
        DcmOutputFileStream* raw = nullptr;
        must(DIMSE_createFilestream(part.c_str(), &request, assoc, context, 1, &raw),
             "make a file");
        std::unique_ptr<DcmOutputFileStream> stream{raw};
        T_ASC_PresentationContextID data_context = 0;
        const OFCondition received = DIMSE_receiveDataSetInFile(
            assoc, DIMSE_BLOCKING, 0, &data_context, stream.get(), nullptr, nullptr);
        stream.reset();
        if (received.bad()) {
            fs::remove(part);
            return false;
        }
        std::this_thread::sleep_for(misbehave ? behave_.slow : std::chrono::milliseconds{0});
        const bool kept = (status & 0xF000U) == 0xB000U || status == 0;
        kept ? fs::rename(part, file) : (void)fs::remove(part);
        if (misbehave && behave_.abort) {
            (void)ASC_abortAssociation(assoc);
            return false;
        }
        if (misbehave && behave_.drop) return false;
        if (misbehave && behave_.no_answer) {
            (void)ASC_dataWaiting(assoc, kForEverS);
            return false;
        }
        if (misbehave && (behave_.endless_answer || behave_.drip_answer)) {
            return answer_without_end(assoc, context);
        }
        T_DIMSE_C_StoreRSP response{};
        response.DimseStatus = static_cast<DIC_US>(status);
        T_DIMSE_C_StoreRQ answered = request;
        if (misbehave && behave_.other_message) answered.MessageID += 2;
        if (misbehave && behave_.other_object) {
            OFStandard::strlcpy(answered.AffectedSOPInstanceUID, "1.2.3.4.5.6.7", sizeof(DIC_UI));
        }
        DcmDataset detail;
        if (status != 0) (void)detail.putAndInsertString(DCM_ErrorComment, "told to say so");
        return DIMSE_sendStoreResponse(assoc, context, &answered, &response,
                                       status != 0 ? &detail : nullptr)
            .good();
    }

    /// Fragments of a command set, none of which is the last, until the peer has had enough.
    bool answer_without_end(T_ASC_Association* assoc, T_ASC_PresentationContextID context) {
        std::vector<char> bytes(behave_.drip_answer ? 2 : 16 * 1024, '\0');
        DUL_PDV pdv{};
        pdv.fragmentLength = bytes.size();
        pdv.presentationContextID = context;
        pdv.pdvType = DUL_COMMANDPDV;
        pdv.lastPDV = OFFalse;
        pdv.data = bytes.data();
        DUL_PDVLIST list{};
        list.count = 1;
        list.pdv = &pdv;
        while (DUL_WritePDVs(&assoc->DULassociation, &list).good()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{behave_.drip_answer ? 100 : 1});
        }
        return false;
    }

    /// All files of this instance.
    std::vector<fs::path> files_of(const std::string& instance) const {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator{options_.dir}) {
            if (entry.path().filename().string().ends_with("_" + instance + ".dcm")) {
                found.push_back(entry.path());
            }
        }
        return found;
    }

    /// Returns false when the association is over.
    bool commit(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
                const T_DIMSE_N_ActionRQ& request) {
        const auto asked = fake::take_commitment(assoc, context, request, behave_.commit_status);
        if (!asked) return false;
        ++commitments_;
        fmt::print("commitment {} of {}\n", asked->transaction, asked->instances.size());
        std::fflush(stdout);
        if (behave_.commit_status != 0 || behave_.commit_never) return true;
        if (commitments_ <= behave_.commit_ignore) return true;
        fake::CommitmentReport report{asked->transaction, {}, 0};
        for (const auto& reference : asked->instances) {
            const auto files = files_of(reference.second);
            if (commitments_ <= behave_.commit_forget) {
                for (const auto& file : files) fs::rename(file, file.string() + ".lost");
            }
            const bool held = !files.empty() && commitments_ > behave_.commit_forget;
            report.instances.emplace_back(reference, held ? 0 : kNoSuchInstance);
        }
        if (options_.report_to.empty()) return fake::report_commitment(assoc, report).has_value();
        return report_elsewhere(assoc, report);
    }

    bool report_elsewhere(T_ASC_Association* asking, const fake::CommitmentReport& report) {
        const std::string requester = asking->params->DULparams.callingAPTitle;
        T_ASC_Association* assoc =
            fake::call(net_, options_.report_to, options_.ae, requester, ASC_SC_ROLE_SCP, {});
        if (assoc == nullptr) return true;
        T_ASC_PresentationContext accepted{};
        const auto context =
            ASC_findAcceptedPresentationContextID(assoc, UID_StorageCommitmentPushModelSOPClass);
        (void)ASC_findAcceptedPresentationContext(assoc->params, context, &accepted);
        const auto status = fake::report_commitment(assoc, report);
        fmt::print("reported {:04X} role {}\n", status.value_or(0xFFFF),
                   accepted.acceptedRole == ASC_SC_ROLE_SCP ? "SCP" : "other");
        std::fflush(stdout);
        (void)ASC_releaseAssociation(assoc);
        (void)ASC_destroyAssociation(&assoc);
        return true;
    }

    const Options options_;
    const Behaviour behave_;
    T_ASC_Network* net_ = nullptr;
    unsigned stores_ = 0;
    unsigned commitments_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"A DICOM storage peer for tests that can simulate faults."};
    app.add_option("--port", options.port, "TCP port; 0: any free one");
    app.add_option("--ae", options.ae, "calling AE title; every called title is accepted");
    app.add_option("--dir", options.dir, "folder for received files")
        ->check(CLI::ExistingDirectory);
    app.add_option("--behave", options.behave, fake::kBehaviours)->delimiter(',');
    app.add_option("--report-to", options.report_to,
                   "HOST:PORT that gets storage commitment reports, on a new association");
    CLI11_PARSE(app, argc, argv);
    const Behaviour behaviour = fake::read_behaviour(options.behave);

    fake::start_dcmtk();
    T_ASC_Network* net = fake::listen_on(options.port, NET_ACCEPTORREQUESTOR);
    Pacs pacs{options, behaviour};
    while (true) pacs.serve(net);
}
