// SPDX-License-Identifier: Apache-2.0
// TestPki: the certificates that tests of TLS show each other, good ones and one of each bad kind.
// Each is made when it is first asked for, once a program. A test that revokes one, or wants a
// chain of authorities, makes its own with Authority.
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

    // of the authority, made out to this name and to 127.0.0.1 and localhost
    const Identity& node();   ///< ours
    const Identity& xray1();  ///< who calls us
    const Identity& peer();   ///< whom we call

    // nobody should believe these
    const Identity& expired();
    const Identity& revoked();      ///< says crl()
    const Identity& elsewhere();    ///< made out to elsewhere.example alone
    const Identity& self_signed();  ///< of no authority
    const Identity& unknown();      ///< of the stranger

    const std::filesystem::path& crl();

private:
    const Identity& once(const std::string& name, const std::function<Identity()>& make);
    std::map<std::string, Identity> made_;
    std::filesystem::path crl_;
};

TestPki& pki();

}  // namespace bucky::test
