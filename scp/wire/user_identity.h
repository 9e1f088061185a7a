// SPDX-License-Identifier: Apache-2.0
// User identity negotiation (PS3.7 D.3.3.7), the kind with a user name and a passcode.
#pragma once

#include <optional>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>

namespace bucky::scp {

struct UserIdentity {
    std::string name, passcode;
};

/// The identity in the A-ASSOCIATE-RQ; nothing when there is none, or one of another kind.
std::optional<UserIdentity> user_identity(T_ASC_Parameters& params);

/// The answer for the A-ASSOCIATE-AC, if the caller requested one (PS3.7 D.3.3.7.2).
void acknowledge_user_identity(T_ASC_Parameters& params);

}  // namespace bucky::scp
