// SPDX-License-Identifier: Apache-2.0
// fake_pacs: a peer for tests that takes what it is sent, or misbehaves as told. It is built on
// DCMTK alone and shares nothing with scp/, so that our mistakes are not made twice.
//
// The first line on stdout is the port. Each C-STORE becomes a file of its own in --dir,
// NNNNNN_<SOP Instance UID>.dcm, complete before it is answered: a duplicate is a second file.
// One association at a time; each ends before the next begins.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrmf.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

namespace {

namespace fs = std::filesystem;

struct Behaviour {
    bool silent = false;     ///< takes the connection, answers no A-ASSOCIATE-RQ
    bool reject = false;     ///< rejects every association: called AE title not recognised
    bool congested = false;  ///< rejects every association for now
    bool abort = false;      ///< A-ABORT when a C-STORE has arrived
    bool drop = false;       ///< closes the connection when a C-STORE has arrived
    bool no_answer = false;  ///< takes a C-STORE and says nothing
    bool no_sr = false;      ///< accepts no context of an SR class
    bool implicit_only = false;
    std::chrono::milliseconds slow{0};  ///< before each answer
    unsigned status = 0;                ///< of each C-STORE-RSP
    unsigned only_first = 0;  ///< misbehave for so many C-STOREs (0: for ever), then be good
};

struct Options {
    int port = 0;
    std::string ae = "FAKEPACS";
    fs::path dir = ".";
    std::vector<std::string> behave;
};

void fail(const std::string& words) {
    fmt::print(stderr, "fake_pacs: {}\n", words);
    std::exit(2);
}

void must(const OFCondition& made, const char* doing) {
    if (made.bad()) fail(fmt::format("{}: {}", doing, made.text()));
}

Behaviour read_behaviour(const std::vector<std::string>& words) {
    static const std::map<std::string, bool Behaviour::*> kSwitches{
        {"silent", &Behaviour::silent},       {"reject", &Behaviour::reject},
        {"congested", &Behaviour::congested}, {"abort", &Behaviour::abort},
        {"drop", &Behaviour::drop},           {"no-answer", &Behaviour::no_answer},
        {"no-sr", &Behaviour::no_sr},         {"implicit-only", &Behaviour::implicit_only}};
    Behaviour made;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        const std::string key = word.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (const auto found = kSwitches.find(key); found != kSwitches.end()) {
            made.*found->second = true;
        } else if (key == "slow") {
            made.slow = std::chrono::milliseconds{value.empty() ? 1000 : std::stoi(value)};
        } else if (key == "status") {
            made.status = static_cast<unsigned>(std::stoul(value, nullptr, 16));
        } else if (key == "first") {
            made.only_first = static_cast<unsigned>(std::stoul(value));
        } else {
            fail("unknown behaviour " + word);
        }
    }
    return made;
}

/// A port that nobody had a moment ago: DCMTK cannot say which one it chose, and takes no socket
/// that listens already.
int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, generic, size) != 0 || ::getsockname(fd, generic, &size) != 0) {
        fail("no free port");
    }
    ::close(fd);
    return ntohs(address.sin_port);
}

/// Listens on `port`, or on a free one when it is 0; says which on the first line of stdout.
T_ASC_Network* listen_on(int port) {
    constexpr int kTries = 20;  // somebody else may take a free port before we do
    for (int tried = 0; tried < (port == 0 ? kTries : 1); ++tried) {
        const int chosen = port == 0 ? free_port() : port;
        T_ASC_Network* net = nullptr;
        if (ASC_initializeNetwork(NET_ACCEPTOR, chosen, 30, &net).bad()) continue;
        fmt::print("{}\n", chosen);
        std::fflush(stdout);
        return net;
    }
    fail(fmt::format("cannot listen on port {}", port));
    return nullptr;
}

class Pacs {
public:
    Pacs(Options options, Behaviour behaviour) : options_(std::move(options)), behave_(behaviour) {}

    void serve(T_ASC_Network* net) {
        T_ASC_Association* assoc = nullptr;
        const OFCondition received = ASC_receiveAssociation(net, &assoc, ASC_MAXIMUMPDUSIZE);
        if (received.good()) {
            if (behave_.silent) {
                (void)ASC_dataWaiting(assoc, 3600);
            } else if (admit(assoc)) {
                serve_requests(assoc);
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

    void accept_contexts(T_ASC_Parameters* params) {
        for (int i = 0; i < ASC_countPresentationContexts(params); ++i) {
            T_ASC_PresentationContext one{};
            must(ASC_getPresentationContext(params, i, &one), "read a context");
            const std::string name = dcmFindNameOfUID(one.abstractSyntax, "");
            const bool is_sr = name.find("SR") != std::string::npos;
            const char* taken = nullptr;
            for (int t = 0; t < one.transferSyntaxCount && taken == nullptr; ++t) {
                const char* proposed = one.proposedTransferSyntaxes[t];
                if (!behave_.implicit_only ||
                    std::string_view{proposed} == UID_LittleEndianImplicitTransferSyntax) {
                    taken = proposed;
                }
            }
            if (behave_.no_sr && is_sr) {
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
            if (message.CommandField == DIMSE_C_ECHO_RQ) {
                (void)DIMSE_sendEchoResponse(assoc, context, &message.msg.CEchoRQ, 0, nullptr);
            } else if (message.CommandField != DIMSE_C_STORE_RQ ||
                       !store(assoc, context, message.msg.CStoreRQ)) {
                return;
            }
        }
    }

    /// False when the association is over.
    bool store(T_ASC_Association* assoc, T_ASC_PresentationContextID context,
               const T_DIMSE_C_StoreRQ& request) {
        ++stores_;
        const bool misbehave = behave_.only_first == 0 || stores_ <= behave_.only_first;
        const unsigned status = misbehave ? behave_.status : 0;
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
        if (misbehave && behave_.no_answer) return ASC_dataWaiting(assoc, 3600) && false;
        T_DIMSE_C_StoreRSP response{};
        response.DimseStatus = static_cast<DIC_US>(status);
        DcmDataset detail;
        if (status != 0) (void)detail.putAndInsertString(DCM_ErrorComment, "told to say so");
        return DIMSE_sendStoreResponse(assoc, context, &request, &response,
                                       status != 0 ? &detail : nullptr)
            .good();
    }

    const Options options_;
    const Behaviour behave_;
    unsigned stores_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"A DICOM storage peer for tests, as good or as bad as it is told to be."};
    app.add_option("--port", options.port, "TCP port; 0: any free one");
    app.add_option("--ae", options.ae, "AE title (told to nobody: every called title is taken)");
    app.add_option("--dir", options.dir, "where what is stored goes")
        ->check(CLI::ExistingDirectory);
    app.add_option("--behave", options.behave,
                   "silent, reject, congested, abort, drop, no-answer, no-sr, implicit-only, "
                   "slow[=MS], status=HEX; first=N: only for the first N C-STOREs")
        ->delimiter(',');
    CLI11_PARSE(app, argc, argv);
    const Behaviour behaviour = read_behaviour(options.behave);

    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    dcmDisableGethostbyaddr.set(OFTrue);
    ::setenv("TCP_NODELAY", "1", 1);
    T_ASC_Network* net = listen_on(options.port);
    Pacs pacs{options, behaviour};
    while (true) pacs.serve(net);
}
