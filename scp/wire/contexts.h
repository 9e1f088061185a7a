// SPDX-License-Identifier: Apache-2.0
// Contexts: which storage SOP classes the node takes and which transfer syntaxes it can keep as
// they came. Negotiation, `bucky conformance` and the tests read these two tables and nothing else.
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
    bool analysed;  ///< a chest radiograph may come in it; the others are kept and reported as not
                    ///< analysed
};

struct TransferSyntax {
    std::string_view uid;
    std::string_view name;
    bool native;  ///< pixels are not compressed: it can be rewritten in another native one
};

std::span<const StorageClass> storage_classes();
std::span<const TransferSyntax> transfer_syntaxes();

/// The row, or nullptr when it is not taken.
const StorageClass* find_storage_class(std::string_view uid);
const TransferSyntax* find_transfer_syntax(std::string_view uid);

}  // namespace bucky::scp
