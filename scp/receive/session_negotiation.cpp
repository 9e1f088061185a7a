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
    const auto refusal = admission_.admit({.association = id_,
                                           .calling_ae = calling_ae_,
                                           .called_ae = called_ae_,
                                           .address = address_,
                                           .certificate = certificate_ ? &*certificate_ : nullptr});
    if (!refusal) return identify();
    switch (refusal->why) {
        case Admission::Why::called:
            return reject(ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED, refusal->words);
        case Admission::Why::caller:
            return reject(ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED, refusal->words);
        case Admission::Why::crowded: break;
    }
    return reject({ASC_RESULT_REJECTEDTRANSIENT, ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
                   ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED},
                  refusal->words);
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
    const std::size_t contexts =
        negotiate(*assoc_->params, {admission_.standing().echo, admission_.standing().store,
                                    admission_.standing().commit, context_.settings.scp.ignore});
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
