// SPDX-License-Identifier: Apache-2.0
// Contexts: the storage SOP classes that the node accepts, and the transfer syntaxes that it can
// store unchanged. Negotiation, `bucky conformance` and the tests read only these two tables.
#pragma once

#include <span>
#include <string_view>

namespace bucky::scp {

inline constexpr std::string_view kVerificationClass = "1.2.840.10008.1.1";
inline constexpr std::string_view kCommitmentClass = "1.2.840.10008.1.20.1";  // PS3.4 J.3
inline constexpr std::string_view kCommitmentInstance = "1.2.840.10008.1.20.1.1";
inline constexpr std::string_view kApplicationContext = "1.2.840.10008.3.1.1.1";  // PS3.7 A.2.1

inline constexpr std::string_view kImplicitLittleEndian = "1.2.840.10008.1.2";
inline constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";
inline constexpr std::string_view kDeflatedLittleEndian = "1.2.840.10008.1.2.1.99";
inline constexpr std::string_view kExplicitBigEndian = "1.2.840.10008.1.2.2";

struct StorageClass {
    std::string_view uid;
    std::string_view name;
    bool analysed;  ///< may hold a chest radiograph; others are kept, reported as not analysed
};

struct TransferSyntax {
    std::string_view uid;
    std::string_view name;
    bool native;  ///< pixels are not compressed: can be rewritten in another native syntax
};

std::span<const StorageClass> storage_classes();
std::span<const TransferSyntax> transfer_syntaxes();

/// The row, or nullptr when it is not accepted.
const StorageClass* find_storage_class(std::string_view uid);
const TransferSyntax* find_transfer_syntax(std::string_view uid);

}  // namespace bucky::scp
