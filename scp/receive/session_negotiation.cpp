// SPDX-License-Identifier: Apache-2.0
// The negotiation of an association: the request, the rules, the limits, and the answer.
#include "scp/receive/session_state.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/dul.h>

#include <fmt/ranges.h>

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
#include "scp/wire/rejection.h"
#include "scp/wire/request_check.h"
#include "scp/wire/start.h"
#include "scp/wire/status.h"
#include "scp/wire/user_identity.h"

namespace bucky::scp {
namespace {

constexpr std::string_view kContextEvent = "association.context";

/// One event for each presentation context: what was proposed, and what we answered.
void tell_contexts(const std::string& association, T_ASC_Parameters& params) {
    for (int at = 0; at < ASC_countPresentationContexts(&params); ++at) {
        T_ASC_PresentationContext context{};
        check(ASC_getPresentationContext(&params, at, &context), "read a context");
        std::vector<std::string_view> proposed;
        for (int syntax = 0; syntax < context.transferSyntaxCount; ++syntax) {
            proposed.emplace_back(context.proposedTransferSyntaxes[syntax]);
        }
        const bool taken = context.resultReason == ASC_P_ACCEPTANCE;
        const std::string_view answer = taken ? std::string_view{context.acceptedTransferSyntax}
                                              : words_for(context.resultReason);
        log::event(log::Level::debug, kContextEvent,
                   {{"assoc", association},
                    {"id", static_cast<int>(context.presentationContextID)},
                    {"class", std::string_view{context.abstractSyntax}},
                    {"proposed", fmt::format("{}", fmt::join(proposed, ","))},
                    {"accepted", taken},
                    {"answer", answer}});
    }
}

}  // namespace

void tell_refused(const std::string& calling_ae, const std::string& address, std::string_view why) {
    audit::tell({.kind = audit::Kind::caller_refused,
                 .outcome = audit::Outcome::minor_failure,
                 .words = std::string{why},
                 .peer_ae = calling_ae,
                 .peer_address = address});
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
    assoc_.reset(assoc);  // owned before the check: a bad request allocates one, too
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
    } catch (const Error&) {  // rejected with a reason, not aborted
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

/// A [[peer]] row with max_associations has a limit of its own. All other callers also share the
/// limit of their address, because an AE title is whatever a caller claims.
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

/// Where the listener has users, the caller must give the name and the passcode of one. PS3.7
/// D.3.3.7.1 leaves the rejection's reason open; none is given, so that a caller cannot learn
/// whether the name or the passcode was wrong.
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

/// The tenant whose queue its images join: the called title if it is a [[tenant]], else the tenant
/// of its [[peer]] row, else the called title if it is not the node's own, else the calling title.
Caller Session::caller() const {
    const auto* owner = conf::tenant_of(context_.settings, called_ae_);
    auto tenant = owner != nullptr ? called_ae_ : standing_.tenant;
    if (tenant.empty()) {
        tenant = called_ae_ == context_.settings.node.ae_title.str() ? calling_ae_ : called_ae_;
    }
    return {.association = id_,
            .calling_ae = calling_ae_,
            .called_ae = called_ae_,
            .address = address_,
            .tenant = std::move(tenant),
            .urgent = standing_.urgent,
            .allowance = {standing_.row, standing_.images_per_minute},
            .owner = owner != nullptr ? called_ae_ : std::string{},
            .quota = owner != nullptr ? Caller::Quota{owner->images_per_minute, owner->queue_max}
                                      : Caller::Quota{}};
}

/// Always false, which is the result of admit().
bool Session::reject(T_ASC_RejectParametersReason reason, std::string_view why) {
    return reject({ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER, reason}, why);
}

bool Session::reject(const T_ASC_RejectParameters& rejection, std::string_view why) {
    (void)ASC_rejectAssociation(assoc_.get(), &rejection);
    slots_.reset();  // a rejected caller holds no slot while it reads the answer
    if (const auto farewell = context_.farewells.take()) {
        (void)ASC_dropSCPAssociation(assoc_.get(), 1);  // waits until the peer has read it
    }
    log::event(log::Level::warning, "association.refused",
               {{"assoc", id_},
                {"peer", address_},
                {"from", calling_ae_},
                {"to", called_ae_},
                {"certificate", certificate_ ? certificate_->subject : "none"},
                {"why", why}});
    tell_refused(calling_ae_, address_, why);
    return false;
}

void Session::acknowledge() {
    const std::size_t contexts = negotiate(
        *assoc_->params,
        {standing_.echo, standing_.store, standing_.commit, context_.settings.scp.ignore});
    check(ASC_acknowledgeAssociation(assoc_.get()), "acknowledge the association");
    if (log::is_written(log::Level::debug, kContextEvent)) tell_contexts(id_, *assoc_->params);
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

}  // namespace bucky::scp
