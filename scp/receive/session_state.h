// SPDX-License-Identifier: Apache-2.0
// Session: one association from its request to its end. session_negotiation.cpp decides who is
// served, session.cpp serves. Only these two include it. One thread per session.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "scp/receive/admission.h"
#include "scp/receive/commitment_messages.h"
#include "scp/receive/received_audit.h"
#include "scp/receive/session.h"
#include "scp/receive/store.h"
#include "scp/wire/check.h"
#include "scp/wire/connection.h"

namespace bucky::scp {

class Session {
public:
    Session(PendingConnection pending, const SessionContext& context)
        : context_(context),
          id_(std::move(pending.association)),
          address_(std::move(pending.address)),
          config_(std::move(pending.listener)),
          security_(pending.tls ? pending.tls->description() : "none"),
          certificate_(pending.tls ? pending.tls->peer_certificate() : std::nullopt),
          admission_(context),
          slots_(std::move(pending.place)),
          layer_(std::move(pending.fd), std::move(pending.request),
                 std::chrono::seconds{context.settings.scp.read_timeout_s}, context.give_up_fd,
                 std::move(pending.tls)) {}

    /// Serves the association; returns how it ended, in a word for the log and the metric.
    std::string_view run();

private:
    std::string_view hold();
    void receive_request();
    bool admit();
    bool reject(T_ASC_RejectParametersReason reason, std::string_view why);
    bool reject(const T_ASC_RejectParameters& rejection, std::string_view why);
    bool identify();
    void acknowledge();
    std::string_view serve_requests(Store& store, Commitment& commitment);
    bool connection_waits(std::chrono::milliseconds at_most);
    OFCondition next_step(Store& store, Commitment& commitment);
    void pace();
    std::string_view wait_for_request();
    OFCondition serve_request(Store& store, Commitment& commitment,
                              T_ASC_PresentationContextID context, T_DIMSE_Message& message);
    OFCondition answer_echo(T_ASC_PresentationContextID context, T_DIMSE_C_EchoRQ& request);
    OFCondition refuse(T_ASC_PresentationContextID context, T_DIMSE_Message& message);
    std::string_view end_after(const OFCondition& condition);
    int read_timeout_s() const { return static_cast<int>(context_.settings.scp.read_timeout_s); }

    const SessionContext& context_;
    std::string id_, address_, calling_ae_, called_ae_;
    const std::shared_ptr<const ListenerConfig> config_;
    const std::string security_;
    const std::optional<PeerCertificate> certificate_;
    Admission admission_;
    std::optional<Slots::Slot> slots_;
    Layer layer_;
    NetworkPtr net_;
    AssociationPtr assoc_;
    bool closing_ = false;
    int without_image_ = 0;  ///< messages
};

}  // namespace bucky::scp
