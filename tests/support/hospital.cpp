// SPDX-License-Identifier: Apache-2.0
#include "tests/support/hospital.h"

namespace bucky::test {

const Identity& Hospital::once(const std::string& name, const std::function<Identity()>& make) {
    const auto found = made_.find(name);
    return found != made_.end() ? found->second : made_.emplace(name, make()).first->second;
}

const Identity& Hospital::node() {
    return once("node", [&] { return authority.issue("node"); });
}

const Identity& Hospital::xray1() {
    return once("xray1", [&] { return authority.issue("xray1"); });
}

const Identity& Hospital::peer() {
    return once("peer", [&] { return authority.issue("peer"); });
}

const Identity& Hospital::expired() {
    return once("expired", [&] { return authority.issue("expired", {.expired = true}); });
}

const Identity& Hospital::revoked() {
    return once("revoked", [&] {
        auto identity = authority.issue("revoked");
        authority.revoke(identity);
        return identity;
    });
}

const Identity& Hospital::elsewhere() {
    return once("elsewhere",
                [&] { return authority.issue("elsewhere", {.names = "DNS:elsewhere.example"}); });
}

const Identity& Hospital::self_signed() {
    return once("alone", [&] { return authority.self_signed("alone"); });
}

const Identity& Hospital::unknown() {
    return once("unknown", [&] { return stranger.issue("unknown"); });
}

const std::filesystem::path& Hospital::crl() {
    if (crl_.empty()) {
        (void)revoked();
        crl_ = authority.revocation_list();
    }
    return crl_;
}

Hospital& hospital() {
    static Hospital made;
    return made;
}

}  // namespace bucky::test
