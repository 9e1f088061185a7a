// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/user_identity.h"

#include <memory>

#include <dcmtk/dcmnet/dcuserid.h>

namespace bucky::scp {
namespace {

std::string taken(char* buffer, Uint16 bytes) {
    const std::unique_ptr<char[]> owned{buffer};
    return owned ? std::string(owned.get(), bytes) : std::string{};
}

}  // namespace

std::optional<UserIdentity> user_identity(T_ASC_Parameters& params) {
    UserIdentityNegotiationSubItemRQ* asked = nullptr;
    ASC_getUserIdentRQ(&params, &asked);
    if (asked == nullptr || asked->getIdentityType() != ASC_USER_IDENTITY_USER_PASSWORD) {
        return std::nullopt;
    }
    char *name = nullptr, *passcode = nullptr;
    Uint16 name_bytes = 0, passcode_bytes = 0;
    (void)asked->getPrimField(name, name_bytes);
    (void)asked->getSecField(passcode, passcode_bytes);
    return UserIdentity{taken(name, name_bytes), taken(passcode, passcode_bytes)};
}

void acknowledge_user_identity(T_ASC_Parameters& params) {
    UserIdentityNegotiationSubItemRQ* asked = nullptr;
    ASC_getUserIdentRQ(&params, &asked);
    if (asked == nullptr || !asked->isPosResponseRequested()) return;
    // DCMTK declares ASC_setIdentAC and does not define it. The parameters own what is set here.
    auto response = std::make_unique<UserIdentityNegotiationSubItemAC>();
    response->setServerResponse("", 0);
    delete params.DULparams.ackUserIdentNeg;
    params.DULparams.ackUserIdentNeg = response.release();
}

}  // namespace bucky::scp
