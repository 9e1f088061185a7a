// SPDX-License-Identifier: Apache-2.0
// Why a peer makes no association, or refuses a presentation context, in words that name what an
// admin can change (PS3.8 9.3.3 and 9.3.4). Any thread.
#pragma once

#include <string>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

#include "conf/base/error.h"
#include "conf/base/ids.h"
#include "scp/wire/target.h"

namespace bucky::scp {

/// "AE@HOST:PORT", with the name of the destination if it has one.
std::string who(const Target& target);

/// The answer to one presentation context; empty when it was accepted.
std::string_view words_for(T_ASC_P_ResultReason reason);

/// A request for an association that failed.
struct Rejection {
    const Target& target;
    const AeTitle& calling;
    OFCondition condition;
    T_ASC_Association* assoc = nullptr;        ///< as the request left it; null: none was made
    const std::string* tls_trouble = nullptr;  ///< of the TLS connection; null: without TLS
};

/// Unsupported when the peer rejects us for good, otherwise unavailable.
Error error_of(const Rejection& rejection);

}  // namespace bucky::scp
