// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/association.h"

#include <algorithm>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/dul.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/dicom/text_conversion.h"
#include "scp/wire/check.h"
#include "scp/wire/commitment.h"
#include "scp/wire/connection.h"
#include "scp/wire/dial.h"
#include "scp/wire/rejection.h"
#include "scp/wire/start.h"
#include "scp/wire/status.h"
#include "scp/wire/store_request.h"
#include "scp/wire/true_syntaxes.h"

namespace bucky::scp {
namespace {

/// The wait for an A-RELEASE-RP. Nothing depends on it: all answers have been read before.
constexpr int kReleaseTimeoutS = 5;

/// From here to the end of the scope one short answer is expected.
class AnswerDue {
public:
    explicit AnswerDue(T_ASC_Association& assoc)
        : connection_(static_cast<Connection*>(DUL_getTransportConnection(assoc.DULassociation))) {
        if (connection_ != nullptr) connection_->begin_answer();
    }
    ~AnswerDue() {
        if (connection_ != nullptr) connection_->end_answer();
    }
    AnswerDue(const AnswerDue&) = delete;
    AnswerDue& operator=(const AnswerDue&) = delete;

private:
    Connection* connection_;
};

/// The object that a C-STORE-RSP names; the element is optional.
std::string_view object_of(const T_DIMSE_Message& message) {
    const auto& said = message.msg.CStoreRSP;
    const bool says_so = message.CommandField == DIMSE_C_STORE_RSP &&
                         (said.opts & O_STORE_AFFECTEDSOPINSTANCEUID) != 0;
    return says_so ? std::string_view{said.AffectedSOPInstanceUID} : std::string_view{};
}

/// The message that an answer belongs to, and its status.
std::pair<DIC_US, DIC_US> id_and_status(const T_DIMSE_Message& message) {
    const auto& said = message.msg;
    switch (message.CommandField) {
        case DIMSE_C_STORE_RSP:
            return {said.CStoreRSP.MessageIDBeingRespondedTo, said.CStoreRSP.DimseStatus};
        case DIMSE_N_ACTION_RSP:
            return {said.NActionRSP.MessageIDBeingRespondedTo, said.NActionRSP.DimseStatus};
        case DIMSE_N_EVENT_REPORT_RSP:
            return {said.NEventReportRSP.MessageIDBeingRespondedTo,
                    said.NEventReportRSP.DimseStatus};
        default: return {0, 0};
    }
}

/// A connected peer.
struct Line {
    UniqueFd fd;
    std::unique_ptr<TlsStream> tls{};              ///< null: without TLS
    std::shared_ptr<const std::string> trouble{};  ///< of `tls`, at any time
    std::string security{};
};

Line call(const Target& target) {
    Line line{dial(target.host, target.port, target.connect_timeout, target.give_up_fd)};
    if (!target.tls) return line;
    try {
        const auto& [certificate, key, ca, crl, name] = *target.tls;
        line.tls = std::make_unique<TlsStream>(TlsContext::for_calls({certificate, key, ca, crl}),
                                               Waiting{line.fd.get(), target.give_up_fd});
        line.trouble = line.tls->trouble();
        line.tls->connect(name, std::chrono::steady_clock::now() + target.connect_timeout);
        const auto shown = line.tls->peer_certificate();
        line.security = fmt::format("{}, certificate {}", line.tls->description(),
                                    shown ? shown->subject : "none");
    } catch (const Error& error) {  // the words name the peer
        throw Error(error.fault(), "{} made no TLS connection: {}", who(target), error.what());
    }
    return line;
}

}  // namespace

struct Association::Impl {
    Impl(const Target& to, Line line)
        : target(to),
          tls_trouble(line.trouble),
          security(std::move(line.security)),
          layer(std::move(line.fd), {}, to.response_timeout, to.give_up_fd, std::move(line.tls)) {}

    Target target;
    const std::shared_ptr<const std::string> tls_trouble;  ///< null: without TLS
    const std::string security;
    Layer layer;
    NetworkPtr net;
    AssociationPtr assoc;
    std::vector<Context> contexts;
    bool released = false;

    int response_timeout_s() const { return static_cast<int>(target.response_timeout.count()); }
    void request(const AeTitle& calling, std::span<const Offer> offers);
    void note_contexts();
    Answer await_answer(T_DIMSE_Command expected, DIC_US message_id,
                        std::string_view sop_instance = {});
};

Association::Association(const Target& target, const AeTitle& calling,
                         std::span<const Offer> offers)
    : impl_(new Impl(target, call(target))) {
    impl_->layer.replace_their_socket();
    impl_->request(calling, offers);
    impl_->note_contexts();
}

Association::~Association() {
    if (!impl_->released) abort_association(impl_->assoc.get());
}

void Association::Impl::request(const AeTitle& calling, std::span<const Offer> offers) {
    T_ASC_Network* made_net = nullptr;
    check(ASC_initializeNetwork(NET_REQUESTOR, 0, kReleaseTimeoutS, &made_net), "prepare");
    net.reset(made_net);
    check(ASC_setTransportLayer(made_net, &layer, 0), "prepare");

    T_ASC_Parameters* made = nullptr;
    check(ASC_createAssociationParameters(&made, limits::kMaxPduBytes), "prepare");
    ParametersPtr params{made};
    OFStandard::strlcpy(made->ourImplementationClassUID, implementation_class_uid().c_str(),
                        sizeof(DIC_UI));
    OFStandard::strlcpy(made->ourImplementationVersionName, implementation_version_name().c_str(),
                        sizeof(DIC_SH));
    check(ASC_setAPTitles(made, calling.str().c_str(), target.ae.str().c_str(), nullptr),
          "set the AE titles");
    check(ASC_setPresentationAddresses(made, "", rendezvous_address().c_str()), "set the address");
    unsigned id = 1;  // PS3.8 9.3.2.2: odd, 1 to 255
    for (const auto& offer : offers) {
        std::vector<const char*> syntaxes;
        for (const auto& syntax : offer.transfer_syntaxes) syntaxes.push_back(syntax.c_str());
        check(ASC_addPresentationContext(made, static_cast<T_ASC_PresentationContextID>(id),
                                         offer.sop_class.c_str(), syntaxes.data(),
                                         static_cast<int>(syntaxes.size()),
                                         offer.as_scp ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT),
              "propose a presentation context");
        id += 2;
    }
    T_ASC_Association* raw = nullptr;
    const OFCondition requested = ASC_requestAssociation(made_net, made, &raw, nullptr, nullptr,
                                                         DUL_NOBLOCK, response_timeout_s());
    if (raw != nullptr) (void)params.release();  // a refused association owns them, too
    assoc.reset(raw);
    if (requested.bad()) {
        throw error_of({.target = target,
                        .calling = calling,
                        .condition = requested,
                        .assoc = assoc.get(),
                        .tls_trouble = tls_trouble.get()});
    }
}

void Association::Impl::note_contexts() {
    const int count = ASC_countPresentationContexts(assoc->params);
    for (int i = 0; i < count; ++i) {
        T_ASC_PresentationContext one{};
        check(ASC_getPresentationContext(assoc->params, i, &one), "read a presentation context");
        const bool accepted = one.resultReason == ASC_P_ACCEPTANCE;
        contexts.push_back({one.presentationContextID, one.abstractSyntax,
                            accepted ? one.acceptedTransferSyntax : "",
                            std::string{words_for(one.resultReason)}});
    }
    (void)TrueSyntaxes(*assoc->params);  // `contexts` has them; DCMTK must not refuse the answers
}

void Association::release() noexcept {
    if (std::exchange(impl_->released, true)) return;
    (void)ASC_releaseAssociation(impl_->assoc.get());
}

bool Association::is_dead() const {
    return impl_->released || ASC_dataWaiting(impl_->assoc.get(), 0);
}

Association::Answer Association::echo() {
    const auto context =
        ASC_findAcceptedPresentationContextID(impl_->assoc.get(), UID_VerificationSOPClass);
    if (context == 0) {
        throw Error(Fault::unsupported,
                    "{} takes associations but no C-ECHO: {}; switch Verification on there",
                    who(impl_->target), impl_->contexts.front().refusal);
    }
    const AnswerDue due{*impl_->assoc};
    DIC_US status = 0;
    DcmDataset* detail = nullptr;
    const OFCondition echoed =
        DIMSE_echoUser(impl_->assoc.get(), impl_->assoc->nextMsgID++, DIMSE_NONBLOCKING,
                       impl_->response_timeout_s(), &status, &detail);
    const std::unique_ptr<DcmDataset> owned{detail};
    if (echoed == DIMSE_NODATAAVAILABLE) {
        throw Error(Fault::unavailable,
                    "{} took the association but did not answer the C-ECHO within {} s: its own "
                    "log may say why",
                    who(impl_->target), impl_->target.response_timeout.count());
    }
    if (echoed.bad()) {
        throw Error(Fault::unavailable,
                    "{} took the association but did not answer the C-ECHO: {}: its own log may "
                    "say why",
                    who(impl_->target), words_of(echoed));
    }
    return {status, {}};
}

/// `sop_instance`: the object that was sent; empty: none.
Association::Answer Association::Impl::await_answer(T_DIMSE_Command expected, DIC_US message_id,
                                                    std::string_view sop_instance) {
    const AnswerDue due{*assoc};
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    DcmDataset* raw = nullptr;
    const OFCondition received = DIMSE_receiveCommand(
        assoc.get(), DIMSE_NONBLOCKING, response_timeout_s(), &context, &message, &raw);
    const std::unique_ptr<DcmDataset> detail{raw};
    if (received == DIMSE_NODATAAVAILABLE) {
        throw Error(Fault::unavailable, "{} did not answer within {} s", who(target),
                    target.response_timeout.count());
    }
    if (received != EC_Normal) {
        throw Error(Fault::unavailable, "{} did not answer: {}", who(target), words_of(received));
    }
    const auto [answered_id, status] = id_and_status(message);
    if (message.CommandField != expected || answered_id != message_id) {
        throw Error(Fault::unavailable, "{} answered something that was not asked", who(target));
    }
    if (const auto about = object_of(message); !about.empty() && about != sop_instance) {
        throw Error(Fault::unavailable, "{} answered {:04X} for another object, {}", who(target),
                    status, about.substr(0, limits::kWordsMax));
    }
    Answer answer{status, {}};
    if (detail) {
        OFString comment;
        (void)detail->findAndGetOFStringArray(DCM_ErrorComment, comment);
        answer.comment = comment.substr(0, limits::kWordsMax);
    }
    return answer;
}

Association::Answer Association::store(const std::filesystem::path& file,
                                       const Part10Header& header, const Context& context) {
    const DIC_US message_id = impl_->assoc->nextMsgID++;
    send_store_request(*impl_->assoc, context.id, message_id, header, file);
    return impl_->await_answer(DIMSE_C_STORE_RSP, message_id, header.sop_instance);
}

Association::Answer Association::store_rewritten(const std::filesystem::path& file,
                                                 const Part10Header& header, const Context& context,
                                                 const std::string& character_set) {
    DcmFileFormat format;
    check(format.loadFile(file.c_str()), "read " + file.string());
    const bool text_fits =
        character_set.empty() || convert_text(*format.getDataset(), character_set);
    if (!text_fits) check(format.loadFile(file.c_str()), "read " + file.string());
    const E_TransferSyntax wanted = DcmXfer(context.transfer_syntax.c_str()).getXfer();
    DcmDataset& dataset = *format.getDataset();
    const bool is_other = dataset.getOriginalXfer() != wanted;
    if (is_other) {  // DCMTK compresses only what is not compressed
        check(dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr),
              "decompress " + file.string());
    }
    if (dataset.chooseRepresentation(wanted, nullptr).bad() || !dataset.canWriteXfer(wanted)) {
        throw Error(Fault::unsupported, "cannot be rewritten in the peer's transfer syntax {}",
                    context.transfer_syntax);
    }
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_C_STORE_RQ;
    T_DIMSE_C_StoreRQ& request = message.msg.CStoreRQ;
    request.MessageID = impl_->assoc->nextMsgID++;
    request.DataSetType = DIMSE_DATASET_PRESENT;
    request.Priority = DIMSE_PRIORITY_MEDIUM;
    OFStandard::strlcpy(request.AffectedSOPClassUID, header.sop_class.c_str(), sizeof(DIC_UI));
    OFStandard::strlcpy(request.AffectedSOPInstanceUID, header.sop_instance.c_str(),
                        sizeof(DIC_UI));
    check(DIMSE_sendMessageUsingMemoryData(impl_->assoc.get(), context.id, &message, nullptr,
                                           &dataset, nullptr, nullptr),
          "send to " + who(impl_->target));
    auto answer = impl_->await_answer(DIMSE_C_STORE_RSP, request.MessageID, header.sop_instance);
    answer.kept_text = !text_fits;
    return answer;
}

Association::Answer Association::ask_commitment(const CommitmentRequest& request) {
    const DIC_US message_id = impl_->assoc->nextMsgID++;
    send_commitment_request(*impl_->assoc, contexts().front().id, message_id, request);
    return impl_->await_answer(DIMSE_N_ACTION_RSP, message_id);
}

bool Association::hear_commitment(std::chrono::milliseconds at_most, ScratchFiles& files,
                                  const std::function<bool(const CommitmentAnswer&)>& note) {
    T_ASC_Association& assoc = *impl_->assoc;
    auto* connection = static_cast<Connection*>(DUL_getTransportConnection(assoc.DULassociation));
    if (connection == nullptr ||
        connection->wait_readable(at_most) != Connection::Waited::readable) {
        return false;
    }
    connection->begin_message();
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    const OFCondition received = DIMSE_receiveCommand(
        &assoc, DIMSE_NONBLOCKING, impl_->response_timeout_s(), &context, &message, nullptr);
    const auto& report = message.msg.NEventReportRQ;
    if (received != EC_Normal || message.CommandField != DIMSE_N_EVENT_REPORT_RQ ||
        report.DataSetType == DIMSE_DATASET_NULL) {
        throw Error(Fault::unavailable, "{} sent no report but: {}", who(impl_->target),
                    words_of(received));
    }
    auto arrived = receive_commitment_dataset(assoc, context, files, impl_->response_timeout_s());
    check(arrived.condition, "read the report of " + who(impl_->target));
    bool noted = false;
    if (arrived.dataset) {
        try {
            noted = note(read_commitment_report(*arrived.dataset));
        } catch (const Error& error) {  // answered with a status; the association goes on
            arrived.failure = error;
        }
    }
    constexpr std::uint16_t kInvalidArgument = 0x0115;
    check(answer_commitment_report(assoc, context, report, noted ? kSuccess : kInvalidArgument),
          "answer the report of " + who(impl_->target));
    if (arrived.failure) throw Error(*arrived.failure);
    return noted;
}

Association::Answer Association::report_commitment(const CommitmentAnswer& answer) {
    const DIC_US message_id = impl_->assoc->nextMsgID++;
    check(send_commitment_report(*impl_->assoc, contexts().front().id, message_id, answer),
          "report to " + who(impl_->target));
    return impl_->await_answer(DIMSE_N_EVENT_REPORT_RSP, message_id);
}

const std::vector<Context>& Association::contexts() const noexcept {
    return impl_->contexts;
}

std::uint32_t Association::max_pdu_bytes() const noexcept {
    return static_cast<std::uint32_t>(impl_->assoc->params->theirMaxPDUReceiveSize);
}

std::string Association::implementation_class() const {
    return impl_->assoc->params->theirImplementationClassUID;
}

std::string Association::security() const {
    return impl_->security;
}

const Target& Association::target() const noexcept {
    return impl_->target;
}

T_ASC_Association& Association::handle() noexcept {
    return *impl_->assoc;
}

std::string Association::implementation_version() const {
    return impl_->assoc->params->theirImplementationVersionName;
}

}  // namespace bucky::scp
