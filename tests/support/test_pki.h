// SPDX-License-Identifier: Apache-2.0
// TestPki: the certificates for tests of TLS: valid ones, and an invalid one of each kind. Each is
// made at its first use, once in a program. A test that revokes one, or needs a chain of
// authorities, uses an Authority of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "tests/support/certificates.h"

namespace bucky::test {

class TestPki {
public:
    Authority authority, stranger{"Another Authority"};

    // issued by the authority to this name, 127.0.0.1 and localhost
    const Identity& node();   ///< the node's
    const Identity& xray1();  ///< of a caller
    const Identity& peer();   ///< of a destination

    // these must be refused
    const Identity& expired();
    const Identity& revoked();      ///< listed in crl()
    const Identity& elsewhere();    ///< issued only to elsewhere.example
    const Identity& self_signed();  ///< not issued by an authority
    const Identity& unknown();      ///< issued by the stranger

    const std::filesystem::path& crl();

private:
    const Identity& once(const std::string& name, const std::function<Identity()>& make);
    std::map<std::string, Identity> made_;
    std::filesystem::path crl_;
};

TestPki& pki();

}  // namespace bucky::test
