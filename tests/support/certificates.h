// SPDX-License-Identifier: Apache-2.0
// Authority: a certificate authority in a folder of the test, run by the openssl program, and the
// certificates that it issues: valid ones, and invalid ones of each kind.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace bucky::test {

/// PEM files.
struct Identity {
    std::filesystem::path certificate, key;
};

class Authority {
public:
    explicit Authority(const std::string& name = "Test Authority");
    /// An intermediate authority, certified by `above`.
    Authority(const std::string& name, Authority& above);

    std::filesystem::path certificate() const { return dir_ / "ca.pem"; }

    struct Wish {
        std::string names = "DNS:localhost,IP:127.0.0.1";  ///< subject alternative names
        bool expired = false;
    };
    /// Issued to CN=`name`, O=TestPki. The file has the certificate of an intermediate authority,
    /// too.
    Identity issue(const std::string& name, const Wish& wish);
    Identity issue(const std::string& name) { return issue(name, Wish{}); }

    void revoke(const Identity& identity);
    void revoke(const Authority& below);
    /// Written again by each call, with the current revocations.
    std::filesystem::path revocation_list();
    std::filesystem::path expired_revocation_list();

    /// A self-signed certificate.
    Identity self_signed(const std::string& name);

    static std::string sha256(const Identity& identity);  ///< as openssl prints it, with colons

private:
    void openssl(std::vector<std::string> arguments);
    void prepare();
    void sign(const std::string& request, const std::filesystem::path& certificate,
              const std::vector<std::string>& options);
    void revoke_file(const std::filesystem::path& certificate);
    TempDir dir_;
    bool is_root_ = true;
};

}  // namespace bucky::test
