// SPDX-License-Identifier: Apache-2.0
#include "storage/site_register.h"

#include "conf/base/error.h"

namespace bucky::storage {
namespace {

constexpr const char* kFirstSchema = R"sql(
CREATE TABLE site (
    name          TEXT PRIMARY KEY,
    invited_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE invitation (
    token_sha256  TEXT PRIMARY KEY,
    site          TEXT NOT NULL REFERENCES site (name),
    expires_at_ms INTEGER NOT NULL,
    key_sha256    TEXT NOT NULL DEFAULT ''  -- of the key that used it
) STRICT;
CREATE INDEX invitation_of_site ON invitation (site);
CREATE TABLE certificate (
    serial        TEXT PRIMARY KEY,
    site          TEXT NOT NULL REFERENCES site (name),
    issued_at_ms  INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    revoked_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX certificate_of_site ON certificate (site, issued_at_ms);
CREATE INDEX certificate_revoked ON certificate (expires_at_ms) WHERE revoked_at_ms > 0;
PRAGMA user_version = 1;
)sql";

constexpr Migration kMigrations[] = {
    {1, "sites, their invitations and certificates", kFirstSchema},
};

constexpr Sql kAddSite{"site.add", R"sql(
    INSERT INTO site (name, invited_at_ms) VALUES (:name, :now_ms)
    ON CONFLICT (name) DO UPDATE SET revoked_at_ms = 0)sql"};

constexpr Sql kForgetInvitations{"site.forget_invitations",
                                 "DELETE FROM invitation WHERE site = :name"};

constexpr Sql kInvite{"site.invite", R"sql(
    INSERT INTO invitation (token_sha256, site, expires_at_ms)
    VALUES (:token_sha256, :name, :expires_at_ms))sql"};

constexpr Sql kInvitation{"site.invitation", R"sql(
    SELECT site, expires_at_ms, key_sha256 FROM invitation
     WHERE token_sha256 = :token_sha256)sql"};

constexpr Sql kUse{"site.use_invitation", R"sql(
    UPDATE invitation SET key_sha256 = :key_sha256 WHERE token_sha256 = :token_sha256)sql"};

constexpr Sql kRecord{"site.record", R"sql(
    INSERT INTO certificate (serial, site, issued_at_ms, expires_at_ms)
    SELECT :serial, name, :issued_at_ms, :expires_at_ms FROM site
     WHERE name = :name AND revoked_at_ms = 0)sql"};

constexpr Sql kMayRenew{"site.may_renew", R"sql(
    SELECT 1 FROM certificate JOIN site ON site.name = certificate.site
     WHERE serial = :serial AND site = :name
       AND site.revoked_at_ms = 0 AND certificate.revoked_at_ms = 0)sql"};

constexpr Sql kRevokeSite{"site.revoke", R"sql(
    UPDATE site SET revoked_at_ms = :now_ms WHERE name = :name)sql"};

constexpr Sql kRevokeCertificates{"site.revoke_certificates", R"sql(
    UPDATE certificate SET revoked_at_ms = :now_ms
     WHERE site = :name AND revoked_at_ms = 0 AND expires_at_ms > :now_ms)sql"};

constexpr Sql kSites{"site.all", R"sql(
    SELECT name, invited_at_ms, revoked_at_ms,
           coalesce((SELECT max(expires_at_ms) FROM invitation
                      WHERE site = name AND key_sha256 = ''), 0),
           coalesce((SELECT max(expires_at_ms) FROM certificate
                      WHERE site = name AND revoked_at_ms = 0), 0)
      FROM site WHERE :name = '' OR name = :name ORDER BY name)sql"};

constexpr Sql kCertificates{"site.certificates", R"sql(
    SELECT serial, site, issued_at_ms, expires_at_ms, revoked_at_ms FROM certificate
     WHERE site = :name ORDER BY issued_at_ms DESC, serial)sql"};

constexpr Sql kRevoked{"site.revoked", R"sql(
    SELECT serial, site, issued_at_ms, expires_at_ms, revoked_at_ms FROM certificate
     WHERE revoked_at_ms > 0 AND expires_at_ms > :now_ms ORDER BY expires_at_ms)sql"};

constexpr Sql kAll[] = {
    kAddSite,    kForgetInvitations,  kInvite, kInvitation,   kUse,    kRecord, kMayRenew,
    kRevokeSite, kRevokeCertificates, kSites,  kCertificates, kRevoked};

RegisteredSite site_of(const Statement& row) {
    return {.name = row.text(0),
            .invited_at_ms = row.integer(1),
            .revoked_at_ms = row.integer(2),
            .open_until_ms = row.integer(3),
            .expires_at_ms = row.integer(4)};
}

std::vector<SiteCertificate> certificates_of(Statement& rows) {
    std::vector<SiteCertificate> all;
    while (rows.step()) {
        all.push_back({.serial = rows.text(0),
                       .site = rows.text(1),
                       .issued_at_ms = rows.integer(2),
                       .expires_at_ms = rows.integer(3),
                       .revoked_at_ms = rows.integer(4)});
    }
    return all;
}

}  // namespace

std::span<const Migration> site_migrations() {
    return kMigrations;
}

std::span<const Sql> site_statements() {
    return kAll;
}

void SiteRegister::invite(const std::string& name, const std::string& token_sha256,
                          std::int64_t expires_at_ms) {
    Database::Transaction transaction(db_);
    db_.prepare(kAddSite).bind(":name", name).bind(":now_ms", clock_.now_ms()).run();
    db_.prepare(kForgetInvitations).bind(":name", name).run();
    db_.prepare(kInvite)
        .bind(":token_sha256", token_sha256)
        .bind(":name", name)
        .bind(":expires_at_ms", expires_at_ms)
        .run();
    transaction.commit();
}

std::string SiteRegister::redeem(const std::string& token_sha256, const std::string& key_sha256) {
    Database::Transaction transaction(db_);
    std::string name, used_by;
    std::int64_t until_ms = 0;
    {
        auto row = db_.prepare(kInvitation);
        row.bind(":token_sha256", token_sha256);
        if (!row.step()) {
            throw Error(Fault::bad_input,
                        "the service knows no such token, or a newer invitation "
                        "has taken its place");
        }
        name = row.text(0);
        until_ms = row.integer(1);
        used_by = row.text(2);
    }
    if (until_ms <= clock_.now_ms()) {
        throw Error(Fault::bad_input, "the invitation ended at {}: ask for another",
                    iso_utc(until_ms));
    }
    if (!used_by.empty() && used_by != key_sha256) {
        throw Error(Fault::bad_input, "the token was used before: ask for another invitation");
    }
    db_.prepare(kUse).bind(":key_sha256", key_sha256).bind(":token_sha256", token_sha256).run();
    transaction.commit();
    return name;
}

void SiteRegister::record(const SiteCertificate& certificate) {
    Database::Transaction transaction(db_);
    db_.prepare(kRecord)
        .bind(":serial", certificate.serial)
        .bind(":name", certificate.site)
        .bind(":issued_at_ms", certificate.issued_at_ms)
        .bind(":expires_at_ms", certificate.expires_at_ms)
        .run();
    if (db_.changes() == 0) {
        throw Error(Fault::bad_input, "the site {} is revoked or unknown", certificate.site);
    }
    transaction.commit();
}

bool SiteRegister::may_renew(const std::string& name, const std::string& serial) {
    auto row = db_.prepare(kMayRenew);
    return row.bind(":name", name).bind(":serial", serial).step();
}

std::int64_t SiteRegister::revoke(const std::string& name) {
    Database::Transaction transaction(db_);
    const auto now_ms = clock_.now_ms();
    db_.prepare(kRevokeSite).bind(":name", name).bind(":now_ms", now_ms).run();
    if (db_.changes() == 0) throw Error(Fault::bad_input, "there is no site {}", name);
    db_.prepare(kForgetInvitations).bind(":name", name).run();
    db_.prepare(kRevokeCertificates).bind(":name", name).bind(":now_ms", now_ms).run();
    const auto certificates = db_.changes();
    transaction.commit();
    return certificates;
}

std::vector<RegisteredSite> SiteRegister::sites() {
    std::vector<RegisteredSite> all;
    auto rows = db_.prepare(kSites);
    rows.bind(":name", "");
    while (rows.step()) all.push_back(site_of(rows));
    return all;
}

std::optional<RegisteredSite> SiteRegister::site(const std::string& name) {
    auto row = db_.prepare(kSites);
    row.bind(":name", name);
    if (name.empty() || !row.step()) return std::nullopt;
    return site_of(row);
}

std::vector<SiteCertificate> SiteRegister::certificates(const std::string& name) {
    auto rows = db_.prepare(kCertificates);
    rows.bind(":name", name);
    return certificates_of(rows);
}

std::vector<SiteCertificate> SiteRegister::revoked() {
    auto rows = db_.prepare(kRevoked);
    rows.bind(":now_ms", clock_.now_ms());
    return certificates_of(rows);
}

}  // namespace bucky::storage
