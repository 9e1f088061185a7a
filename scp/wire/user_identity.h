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

/// What the A-ASSOCIATE-RQ gives; nothing when it gives none, or another kind.
std::optional<UserIdentity> user_identity(T_ASC_Parameters& params);

/// To be said in the A-ASSOCIATE-AC, if the caller wants to hear it (PS3.7 D.3.3.7.2).
void acknowledge_user_identity(T_ASC_Parameters& params);

}  // namespace bucky::scp
