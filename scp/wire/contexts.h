// SPDX-License-Identifier: Apache-2.0
// Contexts: the storage SOP classes that the node accepts, and the transfer syntaxes that it can
// store unchanged. Negotiation, `bucky conformance` and the tests read these two tables of
// conf/dicom/ and nothing else.
#pragma once

#include <span>
#include <string_view>

#include "conf/dicom/sop_classes.h"
#include "conf/dicom/transfer_syntaxes.h"

namespace bucky::scp {

inline constexpr std::string_view kVerificationClass = sop_class::kVerification;
inline constexpr std::string_view kCommitmentClass = sop_class::kStorageCommitment;
inline constexpr std::string_view kCommitmentInstance = "1.2.840.10008.1.20.1.1";
inline constexpr std::string_view kApplicationContext = "1.2.840.10008.3.1.1.1";  // PS3.7 A.2.1

using transfer_syntax::kDeflatedLittleEndian;
using transfer_syntax::kExplicitBigEndian;
using transfer_syntax::kExplicitLittleEndian;
using transfer_syntax::kImplicitLittleEndian;

inline std::span<const ImageClass> storage_classes() {
    return kImageClasses;
}
inline std::span<const TransferSyntax> transfer_syntaxes() {
    return kTransferSyntaxes;
}

/// The row, or nullptr when it is not taken.
inline const ImageClass* find_storage_class(std::string_view uid) {
    return find_image_class(uid);
}
using bucky::find_transfer_syntax;

}  // namespace bucky::scp
