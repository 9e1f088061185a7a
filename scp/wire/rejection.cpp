// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/rejection.h"

#include <dcmtk/dcmnet/dul.h>

#include "scp/wire/check.h"

namespace bucky::scp {
namespace {

/// A TLS peer closes a connection that begins without TLS.
constexpr std::string_view kPerhapsTls = "; if that port speaks TLS, set tls of the destination";

/// PS3.8 9.3.4, with what an admin can do about it.
std::string words_for(const T_ASC_RejectParameters& rejection, const Target& target,
                      const AeTitle& calling) {
    switch (rejection.reason) {
        case ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED:
            return fmt::format("it does not call itself {}: check ae_title of the destination",
                               target.ae.str());
        case ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED:
            return fmt::format("it does not know {}: enter our AE title, host and port there",
                               calling.str());
        case ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED: return "it does not speak DICOM";
        case ASC_REASON_SP_ACSE_PROTOCOLVERSIONNOTSUPPORTED:
            return "it does not support the protocol version";
        case ASC_REASON_SP_PRES_TEMPORARYCONGESTION: return "it is congested";
        case ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED: return "its limit of associations is reached";
        case ASC_REASON_SU_NOREASON:
        case ASC_REASON_SP_ACSE_NOREASON: break;
    }
    return "it gives no reason; its own log may";
}

}  // namespace

std::string who(const Target& target) {
    const std::string address = fmt::format("{}@{}:{}", target.ae.str(), target.host, target.port);
    return target.name.empty() ? address : fmt::format("{} ({})", target.name, address);
}

std::string_view words_for(T_ASC_P_ResultReason reason) {  // PS3.8 9.3.3.2
    switch (reason) {
        case ASC_P_USERREJECTION: return "refused by the peer";
        case ASC_P_NOREASON: return "refused without a reason";
        case ASC_P_ABSTRACTSYNTAXNOTSUPPORTED: return "SOP class not supported";
        case ASC_P_TRANSFERSYNTAXESNOTSUPPORTED: return "none of the transfer syntaxes supported";
        case ASC_P_ACCEPTANCE: return "";
        case ASC_P_NOTYETNEGOTIATED: return "not answered";
    }
    return "refused for an unknown reason";
}

Error error_of(const Rejection& rejection) {
    const auto& [target, calling, condition, assoc, tls_trouble] = rejection;
    if (condition == DUL_ASSOCIATIONREJECTED && assoc != nullptr) {
        T_ASC_RejectParameters reasons{};
        (void)ASC_getRejectParameters(assoc->params, &reasons);
        const bool for_good = reasons.result == ASC_RESULT_REJECTEDPERMANENT;
        return Error(for_good ? Fault::unsupported : Fault::unavailable,
                     "{} rejected the association{}: {}", who(target), for_good ? "" : " for now",
                     words_for(reasons, target, calling));
    }
    if (tls_trouble != nullptr && !tls_trouble->empty()) {
        // In TLS 1.3 the callee verifies our certificate after our handshake has ended.
        return Error(Fault::unavailable, "{} ended the TLS connection: {}", who(target),
                     *tls_trouble);
    }
    if (condition == DUL_READTIMEOUT) {
        return Error(
            Fault::unavailable,
            "{} took the connection but answered nothing within {} s: is that a DICOM port, "
            "and one {} TLS?",
            who(target), target.response_timeout.count(), target.tls ? "with" : "without");
    }
    if (condition == DUL_PEERABORTEDASSOCIATION && tls_trouble != nullptr) {
        return Error(Fault::unavailable,
                     "{} ended the connection after the TLS handshake: perhaps it wants a "
                     "certificate of ours (destination.certificate) or does not accept the one it "
                     "got; its own log may say",
                     who(target));
    }
    if (condition == DUL_PEERABORTEDASSOCIATION) {
        return Error(Fault::unavailable, "{} aborted the association: its own log may say why{}",
                     who(target), kPerhapsTls);
    }
    return Error(Fault::unavailable, "{} made no association: {}: is that a DICOM port?{}",
                 who(target), words_of(condition), tls_trouble == nullptr ? kPerhapsTls : "");
}

}  // namespace bucky::scp
