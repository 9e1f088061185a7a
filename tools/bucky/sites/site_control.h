// SPDX-License-Identifier: Apache-2.0
// SiteControl: the authority and the register of the node that invites sites (service.sites). Under
// data_dir: sites.db, and authority/ with ca.pem, ca.key (readable by the service only), crl.pem,
// and server.pem and server.key where the config names no certificate.
//
// Model servers need ca.pem and crl.pem only. So this node may be down for as long as the list is
// valid (30 days), and no site notices. Each instance has its own connection to the register: one
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "conf/base/clock.h"
#include "conf/settings.h"
#include "storage/site_register.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {

class SiteControl {
public:
    /// Makes the authority and the register where there are none. Throws unavailable when their
    /// files cannot be read or written.
    SiteControl(const conf::Settings& settings, const Clock& clock);

    struct Invitation {
        std::string line;  ///< for the admin of the site: bucky join URL --token TOKEN
        std::int64_t until_ms = 0;
    };
    /// err  bad_input when the name cannot be a site's, or service.url is not set
    Invitation invite(const std::string& name);

    /// Returns how many certificates no longer count; they are in the list at once.
    std::int64_t revoke(const std::string& name);

    /// A certificate for the holder of an invitation, as the answer to simpleenroll.
    ///   in   the token, DER of a PKCS #10 request, whose subject does not count
    ///   err  bad_input, in words for the site
    std::string enroll(const std::string& token, const std::string& request_der);

    /// The next certificate of a site, as the answer to simplereenroll. `serial`: of the one that
    /// it shows.
    std::string reenroll(const std::string& site, const std::string& serial,
                         const std::string& request_der);

    std::string ca_certificates() const;  ///< the answer to cacerts
    std::string service() const;          ///< JSON: the address of the models
    std::string revocation_list() const;  ///< PEM

    /// Writes the list anew if a third of its time has passed, and the server's certificate. Call
    /// it daily.
    void renew();

    storage::SiteRegister& sites() { return sites_; }

private:
    void write_list();
    void renew_server();
    std::string issue(const std::string& site, const std::string& request_der);

    const std::filesystem::path folder_;
    const std::string url_, control_;
    const bool has_own_server_;
    const Clock& clock_;
    x509::Signer authority_;
    storage::SiteRegister sites_;
};

/// The same settings, with the files of the authority, or that of the list which is fetched, where
/// the config names none.
conf::ServiceSettings with_authority(const conf::Settings& settings);

/// Whether this is a model server beside the node that invites sites.
bool fetches_list(const conf::ServiceSettings& told);

/// What a token of an invitation says: the secret, and the SHA-256 of the authority that the site
/// must find.
struct JoinToken {
    std::string secret, ca_sha256;
};
/// err  bad_input when it is none
JoinToken read_token(const std::string& token);

}  // namespace bucky
