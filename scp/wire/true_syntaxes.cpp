// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/true_syntaxes.h"

#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/dcmnet/lst.h>
#include <dcmtk/ofstd/ofstd.h>

#include "conf/dicom/transfer_syntaxes.h"

namespace bucky::scp {
namespace {

/// Compressed, and its data set in Explicit VR Little Endian, as all that are younger.
constexpr const char* kStandsIn = transfer_syntax::kJpeg2000Lossless.data();  // of a literal

}  // namespace

TrueSyntaxes::TrueSyntaxes(T_ASC_Parameters& params) {
    hide(params.DULparams.requestedPresentationContext);  // here DCMTK looks them up
    hide(params.DULparams.acceptedPresentationContext);
}

void TrueSyntaxes::hide(LST_HEAD*& contexts) {
    if (contexts == nullptr) return;
    auto* one = static_cast<DUL_PRESENTATIONCONTEXT*>(LST_Head(&contexts));
    if (one != nullptr) (void)LST_Position(&contexts, one);
    for (; one != nullptr; one = static_cast<DUL_PRESENTATIONCONTEXT*>(LST_Next(&contexts))) {
        const bool known = DcmXfer(one->acceptedTransferSyntax).getXfer() != EXS_Unknown;
        if (one->result != ASC_P_ACCEPTANCE || known) continue;
        true_[one->presentationContextID] = one->acceptedTransferSyntax;
        OFStandard::strlcpy(one->acceptedTransferSyntax, kStandsIn,
                            sizeof one->acceptedTransferSyntax);
    }
}

std::string TrueSyntaxes::of(const T_ASC_PresentationContext& accepted) const {
    const auto found = true_.find(accepted.presentationContextID);
    return found == true_.end() ? accepted.acceptedTransferSyntax : found->second;
}

}  // namespace bucky::scp
