// SPDX-License-Identifier: Apache-2.0
// Every OFCondition of DCMTK is passed to check(), and every C handle of it is owned on the line
// that obtains it. Only inside scp/.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

namespace bucky::scp {

/// Throws unavailable: what fails in dcmnet is the connection or the peer.
void check(const OFCondition& made, std::string_view doing);

/// The condition's text on one line, at most limits::kWordsMax bytes.
std::string words_of(const OFCondition& condition);

struct DropNetwork {
    void operator()(T_ASC_Network* net) const noexcept { ASC_dropNetwork(&net); }
};
using NetworkPtr = std::unique_ptr<T_ASC_Network, DropNetwork>;

struct DestroyParameters {
    void operator()(T_ASC_Parameters* params) const noexcept {
        ASC_destroyAssociationParameters(&params);
    }
};
using ParametersPtr = std::unique_ptr<T_ASC_Parameters, DestroyParameters>;

/// Drops the connection if it is still up, and frees the association's parameters.
struct DestroyAssociation {
    void operator()(T_ASC_Association* assoc) const noexcept { ASC_destroyAssociation(&assoc); }
};
using AssociationPtr = std::unique_ptr<T_ASC_Association, DestroyAssociation>;

}  // namespace bucky::scp
