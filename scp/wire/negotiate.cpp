// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/negotiate.h"

#include "conf/dicom/ignored_classes.h"
#include "scp/wire/contexts.h"

namespace bucky::scp {
namespace {

/// The first transfer syntax that we accept, or nullptr. Only images may be compressed.
const char* choose_syntax(const T_ASC_PresentationContext& proposed, bool native_only) {
    for (int i = 0; i < proposed.transferSyntaxCount; ++i) {
        const auto* row = find_transfer_syntax(proposed.proposedTransferSyntaxes[i]);
        if (row != nullptr && (row->is_native() || !native_only)) {
            return proposed.proposedTransferSyntaxes[i];
        }
    }
    return nullptr;
}

}  // namespace

std::size_t negotiate(T_ASC_Parameters& params, const MayDo& may) {
    std::size_t accepted = 0;
    const int count = ASC_countPresentationContexts(&params);
    for (int i = 0; i < count; ++i) {
        T_ASC_PresentationContext proposed{};
        check(ASC_getPresentationContext(&params, i, &proposed), "read a proposed context");
        const auto id = proposed.presentationContextID;
        const bool commitment = kCommitmentClass == proposed.abstractSyntax;
        const bool plain = commitment || kVerificationClass == proposed.abstractSyntax;
        const T_ASC_SC_ROLE role = commitment ? proposed.proposedRole : ASC_SC_ROLE_DEFAULT;
        const bool stored = find_storage_class(proposed.abstractSyntax) != nullptr ||
                            is_ignored(may.ignore, proposed.abstractSyntax);
        if (!plain && !stored) {
            check(ASC_refusePresentationContext(&params, id, ASC_P_ABSTRACTSYNTAXNOTSUPPORTED),
                  "refuse a context");
        } else if (!(commitment ? may.commit : plain ? may.echo : may.store)) {
            check(ASC_refusePresentationContext(&params, id, ASC_P_USERREJECTION),
                  "refuse a context");
        } else if (const char* syntax = choose_syntax(proposed, plain)) {
            check(ASC_acceptPresentationContext(&params, id, syntax, role), "accept a context");
            ++accepted;
        } else {
            check(ASC_refusePresentationContext(&params, id, ASC_P_TRANSFERSYNTAXESNOTSUPPORTED),
                  "refuse a context");
        }
    }
    return accepted;
}

}  // namespace bucky::scp
