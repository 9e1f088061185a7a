// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_pki.h"

namespace bucky::test {

const Identity& TestPki::once(const std::string& name, const std::function<Identity()>& make) {
    const auto found = made_.find(name);
    return found != made_.end() ? found->second : made_.emplace(name, make()).first->second;
}

const Identity& TestPki::node() {
    return once("node", [&] { return authority.issue("node"); });
}

const Identity& TestPki::xray1() {
    return once("xray1", [&] { return authority.issue("xray1"); });
}

const Identity& TestPki::peer() {
    return once("peer", [&] { return authority.issue("peer"); });
}

const Identity& TestPki::expired() {
    return once("expired", [&] { return authority.issue("expired", {.expired = true}); });
}

const Identity& TestPki::revoked() {
    return once("revoked", [&] {
        auto identity = authority.issue("revoked");
        authority.revoke(identity);
        return identity;
    });
}

const Identity& TestPki::elsewhere() {
    return once("elsewhere",
                [&] { return authority.issue("elsewhere", {.names = "DNS:elsewhere.example"}); });
}

const Identity& TestPki::self_signed() {
    return once("alone", [&] { return authority.self_signed("alone"); });
}

const Identity& TestPki::unknown() {
    return once("unknown", [&] { return stranger.issue("unknown"); });
}

const std::filesystem::path& TestPki::crl() {
    if (crl_.empty()) {
        (void)revoked();
        crl_ = authority.revocation_list();
    }
    return crl_;
}

TestPki& pki() {
    static TestPki made;
    return made;
}

}  // namespace bucky::test
