// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/session_state.h"

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
#include "scp/receive/web_session.h"
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

/// While the node stops: a sender may still be between two images of a study.
constexpr std::chrono::milliseconds kIdleBeforeClosing{500};

/// A caller that has requested storage commitment and is idle for this long gets the report on the
/// same association. A caller that releases it before gets the report on another one.
constexpr std::chrono::milliseconds kRestBeforeReport{300};

/// Messages without an image: so many at full speed, then one per pause.
constexpr int kWithoutImageAtOnce = 500;
constexpr std::chrono::milliseconds kPauseWithoutImage{10};

}  // namespace

/// Every failure is answered with an A-ABORT (PS3.8 9.2.2, AA-1): a connection that is merely
/// closed does not tell the caller that its request was at fault.
std::string_view Session::run() {
    try {
        return hold();
    } catch (const std::exception&) {  // serve() logs it; the peer must hear of it, too
        assoc_ ? abort_association(assoc_.get()) : layer_.abort();
        throw;
    }
}

std::string_view Session::hold() {
    const auto began = Steady::now();
    receive_request();
    if (!admit()) return "rejected";
    acknowledge();
    Store store(context_, admission_.caller(), TrueSyntaxes(*assoc_->params));
    Commitment commitment(context_, admission_.caller());
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
            store.association_ended();  // first: end_after() may wait a second for the peer
            commitment.association_ended();
            return end_after(served);
        }
    }
    store.association_ended();
    commitment.association_ended();
    return "lost";
}

/// Whether the peer sends something within this time.
bool Session::connection_waits(std::chrono::milliseconds at_most) {
    auto* connection = static_cast<Connection*>(DUL_getTransportConnection(assoc_->DULassociation));
    return connection == nullptr ||
           connection->wait_readable(at_most) != Connection::Waited::timed_out;
}

/// Receives one message and serves it.
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

/// Images are received at full speed. A peer that sends other messages in a loop (C-ECHO, refused
/// requests) would take processor time from the models, which run at a lower priority.
void Session::pace() {
    if (++without_image_ <= kWithoutImageAtOnce) return;
    std::this_thread::sleep_for(kPauseWithoutImage);
}

/// Empty when a request has arrived, else why the association ends.
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
        case DIMSE_C_ECHO_RQ: return answer_echo(context, message.msg.CEchoRQ);
        case DIMSE_C_STORE_RQ: return store.serve(*assoc_, context, message.msg.CStoreRQ);
        case DIMSE_C_CANCEL_RQ: return EC_Normal;  // no operation is in progress
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

OFCondition Session::answer_echo(T_ASC_PresentationContextID context, T_DIMSE_C_EchoRQ& request) {
    const auto status = admission_.standing().echo ? kSuccess : kSopClassNotSupported;
    log::event(log::Level::debug, "association.echo",
               {{"assoc", id_}, {"from", calling_ae_}, {"status", fmt::format("{:04X}", status)}});
    return DIMSE_sendEchoResponse(assoc_.get(), context, &request, status, nullptr);
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

void serve(PendingConnection pending, const SessionContext& context) noexcept {
    const std::string id = pending.association;
    const std::string address = pending.address;
    std::string_view end = "refused";
    try {
        if (pending.listener->tls) accept_tls(pending, context);
        end = pending.listener->is_web ? serve_web(std::move(pending), context)
                                       : Session(std::move(pending), context).run();
    } catch (const std::exception& error) {  // ends this association only
        log::event(log::Level::warning, "association.refused",
                   {{"assoc", id}, {"peer", address}, {"why", error.what()}});
        tell_refused({}, address, error.what());
    }
    metrics::count("bucky_associations_total", {{"end", std::string{end}}});
}

}  // namespace bucky::scp
