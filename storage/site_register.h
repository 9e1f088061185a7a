// SPDX-License-Identifier: Apache-2.0
// SiteRegister: the sites of a service, their invitations and certificates, in a file of its own
// (sites.db), apart from the images. Nothing in it is of a patient, and no key and no token: of a
// token it has the hash. No other file names it.
//
// A site exists from its first invitation on. Revoking it revokes its certificates; a later
// invitation lets it in again, with new ones. Threads: one each, with a connection of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

/// The schema of sites.db.
std::span<const Migration> site_migrations();

std::span<const Sql> site_statements();

struct SiteCertificate {
    std::string serial;  ///< hexadecimal digits
    std::string site;
    std::int64_t issued_at_ms = 0, expires_at_ms = 0;
    std::int64_t revoked_at_ms = 0;  ///< 0: it counts
};

struct RegisteredSite {
    std::string name;
    std::int64_t invited_at_ms = 0;  ///< for the first time
    std::int64_t revoked_at_ms = 0;  ///< 0: it may have certificates
    std::int64_t open_until_ms = 0;  ///< of an invitation that nobody has used yet; 0: none
    std::int64_t expires_at_ms = 0;  ///< of its newest certificate; 0: it has none
};

class SiteRegister {
public:
    /// Makes the file in data_dir where there is none. Throws what Database throws.
    SiteRegister(const std::filesystem::path& data_dir, const Clock& clock)
        : db_(data_dir / kFileName, Database::Mode::create, site_migrations()), clock_(clock) {}

    static constexpr const char* kFileName = "sites.db";

    /// From now on this token makes a site of this name. Earlier ones of the site no longer count.
    void invite(const std::string& name, const std::string& token_sha256,
                std::int64_t expires_at_ms);

    /// A certificate for the caller with this token is about to be handed out: recorded, and the
    /// invitation is used up. The same token and key may come again until the invitation ends,
    /// since an answer may be lost. Returns the site's name.
    ///   err  bad_input, in words for the site, when the token is unknown, used or too old
    std::string redeem(const std::string& token_sha256, const std::string& key_sha256);

    /// A certificate was issued. Throws bad_input when the site is unknown or revoked.
    void record(const SiteCertificate& certificate);

    /// Whether a certificate of this serial may be renewed: it is of a site that is not revoked.
    bool may_renew(const std::string& name, const std::string& serial);

    /// Returns how many certificates no longer count. Throws bad_input when there is no such site.
    std::int64_t revoke(const std::string& name);

    std::vector<RegisteredSite> sites();
    std::optional<RegisteredSite> site(const std::string& name);
    std::vector<SiteCertificate> certificates(const std::string& name);  ///< newest first

    /// Revoked ones that have not expired: the revocation list.
    std::vector<SiteCertificate> revoked();

private:
    Database db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
