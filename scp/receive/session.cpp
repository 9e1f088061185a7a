// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/session.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/dul.h>

#include "conf/base/limits.h"
#include "conf/observe/audit.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/tenants.h"
#include "scp/receive/accept_tls.h"
#include "scp/receive/commitment_messages.h"
#include "scp/receive/store.h"
#include "scp/wire/check.h"
#include "scp/wire/connection.h"
#include "scp/wire/contexts.h"
#include "scp/wire/negotiate.h"
#include "scp/wire/refuse_operation.h"
#include "scp/wire/request_check.h"
#include "scp/wire/start.h"
#include "scp/wire/status.h"
#include "scp/wire/user_identity.h"

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;

/// When the node wants to stop, a sender may still be between two images of a study.
constexpr std::chrono::milliseconds kIdleBeforeClosing{500};

/// A caller that asked for storage commitment and rests so long holds the association for the
/// report; one that releases it wants the report on another.
constexpr std::chrono::milliseconds kRestBeforeReport{300};

/// Messages that bring no image: so many as fast as they come, then one each pause.
constexpr int kWithoutImageAtOnce = 500;
constexpr std::chrono::milliseconds kPauseWithoutImage{10};

void tell_refused(const std::string& calling_ae, const std::string& address, std::string_view why) {
    audit::tell({.kind = audit::Kind::caller_refused,
                 .outcome = audit::Outcome::minor_failure,
                 .words = std::string{why},
                 .peer_ae = calling_ae,
                 .peer_address = address});
}

class Session {
public:
    Session(PendingConnection pending, const SessionContext& context)
        : context_(context),
          id_(std::move(pending.association)),
          address_(std::move(pending.address)),
          config_(std::move(pending.listener)),
          security_(pending.tls ? pending.tls->description() : "none"),
          certificate_(pending.tls ? pending.tls->peer_certificate() : std::nullopt),
          slots_(std::move(pending.place)),
          layer_(std::move(pending.fd), std::move(pending.request),
                 std::chrono::seconds{context.settings.scp.read_timeout_s}, context.give_up_fd,
                 std::move(pending.tls)) {}

    /// How it ended, in a word for the log and the metric.
    std::string_view run();

private:
    std::string_view hold();
    void receive_request();
    bool admit();
    bool reject(T_ASC_RejectParametersReason reason, std::string_view why);
    bool reject(const T_ASC_RejectParameters& rejection, std::string_view why);
    bool tenant_takes_caller() const;
    bool find_place();
    bool reject_crowded(const char* limit, std::string_view why);
    bool identify();
    Caller caller() const;
    void acknowledge();
    std::string_view serve_requests(Store& store, Commitment& commitment);
    bool connection_waits(std::chrono::milliseconds at_most);
    OFCondition next_step(Store& store, Commitment& commitment);
    void pace();
    std::string_view wait_for_request();
    OFCondition serve_request(Store& store, Commitment& commitment,
                              T_ASC_PresentationContextID context, T_DIMSE_Message& message);
    OFCondition refuse(T_ASC_PresentationContextID context, T_DIMSE_Message& message);
    std::string_view end_after(const OFCondition& condition);
    int read_timeout_s() const { return static_cast<int>(context_.settings.scp.read_timeout_s); }

    const SessionContext& context_;
    std::string id_, address_, calling_ae_, called_ae_;
    const std::shared_ptr<const ListenerConfig> config_;
    const std::string security_;
    const std::optional<PeerCertificate> certificate_;
    Peers::Standing standing_;
    std::optional<Slots::Slot> slots_;
    Layer layer_;
    NetworkPtr net_;
    AssociationPtr assoc_;
    std::optional<PeerCount::Slot> place_, place_of_address_;
    bool closing_ = false;
    int without_image_ = 0;  ///< messages
};

/// Whoever asks is answered, whatever goes wrong: a connection that only closes tells nobody that
/// his request was at fault (PS3.8 9.2.2, AA-1).
std::string_view Session::run() {
    try {
        return hold();
    } catch (const std::exception&) {
        assoc_ ? abort_association(assoc_.get()) : layer_.abort();
        throw;
    }
}

std::string_view Session::hold() {
    const auto began = Steady::now();
    receive_request();
    if (!admit()) return "rejected";
    acknowledge();
    Store store(context_, caller());
    Commitment commitment(context_, caller());
    const std::string_view end = serve_requests(store, commitment);
    assoc_.reset();
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - began).count();
    log::event("association.ended", {{"assoc", id_},
                                     {"from", calling_ae_},
                                     {"end", end},
                                     {"kept", store.kept()},
                                     {"refused", store.refused()},
                                     {"bytes", store.bytes()},
                                     {"took_ms", took}});
    return end;
}

void Session::receive_request() {
    check_request(layer_.first());
    T_ASC_Network* net = nullptr;
    check(ASC_initializeNetwork(NET_ACCEPTOR, 0, read_timeout_s(), &net), "prepare to accept");
    net_.reset(net);
    check(ASC_setTransportLayer(net, &layer_, 0), "prepare to accept");
    T_ASC_Association* assoc = nullptr;
    const OFCondition received =
        ASC_receiveAssociation(net, &assoc, limits::kMaxPduBytes, nullptr, nullptr, OFFalse,
                               DUL_NOBLOCK, read_timeout_s());
    assoc_.reset(assoc);  // owned before it is judged: a bad request leaves one behind too
    check(received, "read the A-ASSOCIATE-RQ");
    OFStandard::strlcpy(assoc->params->ourImplementationClassUID,
                        implementation_class_uid().c_str(), sizeof(DIC_UI));
    OFStandard::strlcpy(assoc->params->ourImplementationVersionName,
                        implementation_version_name().c_str(), sizeof(DIC_SH));
}

bool Session::admit() {
    DIC_AE calling{}, called{};
    check(ASC_getAPTitles(assoc_->params, calling, sizeof(calling), called, sizeof(called), nullptr,
                          0),
          "read the AE titles");
    calling_ae_ = calling;
    called_ae_ = called;
    const std::string_view context = assoc_->params->DULparams.applicationContextName;
    if (context != kApplicationContext) {
        return reject(ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED,
                      "not the DICOM application context");
    }
    try {
        calling_ae_ = AeTitle{calling_ae_}.str();
        called_ae_ = AeTitle{called_ae_}.str();
    } catch (const Error&) {
        return reject(ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED, "an AE title is not well formed");
    }
    if (context_.settings.scp.check_called_ae && !conf::is_ours(context_.settings, called_ae_)) {
        return reject(ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED, "called AE title is not ours");
    }
    if (!tenant_takes_caller()) {
        return reject(ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED,
                      "tenant.callers of the called AE title does not name it");
    }
    const auto standing =
        context_.peers.standing({calling_ae_, address_, certificate_ ? &*certificate_ : nullptr});
    if (!standing) {
        return reject(ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED,
                      "no [[peer]] row has this calling AE title, address and certificate");
    }
    standing_ = *standing;
    return find_place() && identify();
}

bool Session::tenant_takes_caller() const {
    const auto* tenant = conf::tenant_of(context_.settings, called_ae_);
    if (tenant == nullptr || tenant->callers.empty()) return true;
    return std::find(tenant->callers.begin(), tenant->callers.end(), calling_ae_) !=
           tenant->callers.end();
}

/// A [[peer]] row that says how many has been given them; whoever else calls shares what its
/// address may have, for an AE title is whatever a caller says.
bool Session::find_place() {
    const auto& scp = context_.settings.scp;
    auto& count = context_.peer_count;
    if (standing_.max_associations > 0) {
        place_ = count.take(fmt::format("[[peer]] {}", standing_.row),
                            static_cast<std::size_t>(standing_.max_associations));
        return place_ || reject_crowded("associations_per_peer",
                                        "its [[peer]] row has max_associations open already");
    }
    place_of_address_ = count.take("address " + network_of(address_),
                                   static_cast<std::size_t>(scp.max_associations_per_address));
    if (!place_of_address_) {
        return reject_crowded("associations_per_address",
                              "its address has scp.max_associations_per_address open already");
    }
    place_ = count.take(calling_ae_ + " at " + address_,
                        static_cast<std::size_t>(scp.max_associations_per_peer));
    return place_ || reject_crowded("associations_per_peer",
                                    "it has scp.max_associations_per_peer open already");
}

bool Session::reject_crowded(const char* limit, std::string_view why) {
    metrics::count("bucky_limit_reached_total", {{"limit", limit}});
    return reject({ASC_RESULT_REJECTEDTRANSIENT, ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
                   ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED},
                  why);
}

/// Where the listener has users: the caller must give the name and the passcode of one. PS3.7
/// D.3.3.7.1 leaves the rejection's reason open; none is given, so nobody learns which was wrong.
bool Session::identify() {
    if (!config_->users) return true;
    const auto given = user_identity(*assoc_->params);
    if (given && config_->users->knows(given->name, given->passcode)) {
        acknowledge_user_identity(*assoc_->params);
        return true;
    }
    return reject(ASC_REASON_SU_NOREASON,
                  given ? "its user name or passcode is not in users"
                        : "it gives no user name and passcode, which this listener wants");
}

/// On whose account its images wait: that of the [[tenant]] whose they are, else the one that its
/// [[peer]] row names, else the title by which it called us when that is not our own, else itself.
Caller Session::caller() const {
    const auto* owner = conf::tenant_of(context_.settings, called_ae_);
    auto tenant = owner != nullptr ? called_ae_ : standing_.tenant;
    if (tenant.empty()) {
        tenant = called_ae_ == context_.settings.node.ae_title.str() ? calling_ae_ : called_ae_;
    }
    return {id_,
            calling_ae_,
            called_ae_,
            address_,
            std::move(tenant),
            standing_.urgent,
            {standing_.row, standing_.images_per_minute},
            owner != nullptr ? called_ae_ : std::string{},
            owner != nullptr ? Caller::Quota{owner->images_per_minute, owner->queue_max}
                             : Caller::Quota{}};
}

/// Always false: the answer of admit().
bool Session::reject(T_ASC_RejectParametersReason reason, std::string_view why) {
    return reject({ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER, reason}, why);
}

bool Session::reject(const T_ASC_RejectParameters& rejection, std::string_view why) {
    (void)ASC_rejectAssociation(assoc_.get(), &rejection);
    slots_.reset();  // whoever is rejected takes no place from others while it reads that
    if (const auto farewell = context_.farewells.take()) {
        (void)ASC_dropSCPAssociation(assoc_.get(), 1);  // read before the socket closes
    }
    log::event(log::Level::warning, "association.refused",
               {{"assoc", id_},
                {"peer", address_},
                {"from", calling_ae_},
                {"to", called_ae_},
                {"why", why}});
    tell_refused(calling_ae_, address_, why);
    return false;
}

void Session::acknowledge() {
    const std::size_t contexts =
        negotiate(*assoc_->params, {standing_.echo, standing_.store, standing_.commit});
    check(ASC_acknowledgeAssociation(assoc_.get()), "acknowledge the association");
    log::event("association.accepted",
               {{"assoc", id_},
                {"peer", address_},
                {"from", calling_ae_},
                {"to", called_ae_},
                {"tls", security_},
                {"certificate", certificate_ ? certificate_->subject : "none"},
                {"contexts", contexts},
                {"proposed", ASC_countPresentationContexts(assoc_->params)},
                {"max_pdu", assoc_->params->theirMaxPDUReceiveSize},
                {"software", assoc_->params->theirImplementationVersionName}});
}

std::string_view Session::serve_requests(Store& store, Commitment& commitment) {
    while (true) {
        if (commitment.may_report() && !connection_waits(kRestBeforeReport)) {
            if (commitment.report(*assoc_).bad()) break;
            continue;
        }
        if (const std::string_view end = wait_for_request(); !end.empty()) {
            store.association_ended();
            commitment.association_ended();
            abort_association(assoc_.get());
            return end;
        }
        const OFCondition served = next_step(store, commitment);
        if (served != EC_Normal) {
            store.association_ended();  // first: the farewell may wait a second for the peer
            commitment.association_ended();
            return end_after(served);
        }
    }
    store.association_ended();
    commitment.association_ended();
    return "lost";
}

/// Whether the peer says something within this time.
bool Session::connection_waits(std::chrono::milliseconds at_most) {
    auto* connection = static_cast<Connection*>(DUL_getTransportConnection(assoc_->DULassociation));
    return connection == nullptr ||
           connection->wait_readable(at_most) != Connection::Waited::timed_out;
}

/// One message of the peer's, served.
OFCondition Session::next_step(Store& store, Commitment& commitment) {
    auto* connection = static_cast<Connection*>(DUL_getTransportConnection(assoc_->DULassociation));
    if (connection != nullptr) connection->begin_message();
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    const OFCondition received = DIMSE_receiveCommand(
        assoc_.get(), DIMSE_NONBLOCKING, read_timeout_s(), &context, &message, nullptr);
    if (received.bad() || received == DUL_PEERREQUESTEDRELEASE) return received;
    const auto kept = store.kept();
    const auto served = serve_request(store, commitment, context, message);
    if (store.kept() == kept) pace();
    return served;
}

/// Images are taken as fast as they come. Messages that bring none (C-ECHO, what is refused) would
/// in a loop keep the processor from the models, which stand back.
void Session::pace() {
    if (++without_image_ <= kWithoutImageAtOnce) return;
    std::this_thread::sleep_for(kPauseWithoutImage);
}

/// Empty when a request is there, else why the association ends.
std::string_view Session::wait_for_request() {
    auto* connection = static_cast<Connection*>(DUL_getTransportConnection(assoc_->DULassociation));
    if (connection == nullptr) return "lost";
    if (!closing_) {
        switch (connection->wait_readable(std::chrono::seconds{read_timeout_s()},
                                          context_.closing_fd)) {
            case Connection::Waited::readable: return {};
            case Connection::Waited::timed_out: return "idle";
            case Connection::Waited::woken: closing_ = true;
        }
    }
    return connection->wait_readable(kIdleBeforeClosing) == Connection::Waited::readable
               ? std::string_view{}
               : "node_stopping";
}

OFCondition Session::serve_request(Store& store, Commitment& commitment,
                                   T_ASC_PresentationContextID context, T_DIMSE_Message& message) {
    T_ASC_PresentationContext negotiated{};
    const bool of_commitment =
        ASC_findAcceptedPresentationContext(assoc_->params, context, &negotiated).good() &&
        kCommitmentClass == negotiated.abstractSyntax;
    switch (message.CommandField) {
        case DIMSE_C_ECHO_RQ:
            return DIMSE_sendEchoResponse(assoc_.get(), context, &message.msg.CEchoRQ,
                                          standing_.echo ? kSuccess : kSopClassNotSupported,
                                          nullptr);
        case DIMSE_C_STORE_RQ: return store.serve(*assoc_, context, message.msg.CStoreRQ);
        case DIMSE_C_CANCEL_RQ: return EC_Normal;  // of nothing that is still running
        case DIMSE_N_ACTION_RQ:
            if (!of_commitment) return refuse(context, message);
            return commitment.take_request(*assoc_, context, message.msg.NActionRQ);
        case DIMSE_N_EVENT_REPORT_RQ:
            if (!of_commitment) return refuse(context, message);
            return commitment.take_report(*assoc_, context, message.msg.NEventReportRQ);
        case DIMSE_N_EVENT_REPORT_RSP:
            commitment.report_answered(message.msg.NEventReportRSP);
            return EC_Normal;
        default: return refuse(context, message);
    }
}

OFCondition Session::refuse(T_ASC_PresentationContextID context, T_DIMSE_Message& message) {
    log::event(log::Level::warning, "operation.refused",
               {{"assoc", id_},
                {"from", calling_ae_},
                {"command", fmt::format("{:04X}", static_cast<unsigned>(message.CommandField))}});
    return refuse_operation(*assoc_, context, message, read_timeout_s());
}

std::string_view Session::end_after(const OFCondition& condition) {
    if (condition == DUL_PEERREQUESTEDRELEASE) {
        (void)ASC_acknowledgeRelease(assoc_.get());
        (void)ASC_dropSCPAssociation(assoc_.get(), 1);  // the requestor closes (PS3.8 9.2, AR-4)
        return "released";
    }
    if (condition == DUL_PEERABORTEDASSOCIATION) return "aborted";
    log::event(log::Level::warning, "association.broken",
               {{"assoc", id_}, {"from", calling_ae_}, {"why", words_of(condition)}});
    abort_association(assoc_.get());
    return "lost";
}

}  // namespace

void serve(PendingConnection pending, const SessionContext& context) noexcept {
    const std::string id = pending.association;
    const std::string address = pending.address;
    std::string_view end = "refused";
    try {
        if (pending.listener->tls) accept_tls(pending, context);
        end = Session(std::move(pending), context).run();
    } catch (const std::exception& error) {
        log::event(log::Level::warning, "association.refused",
                   {{"assoc", id}, {"peer", address}, {"why", error.what()}});
        tell_refused({}, address, error.what());
    }
    metrics::count("bucky_associations_total", {{"end", std::string{end}}});
}

}  // namespace bucky::scp
