// SPDX-License-Identifier: Apache-2.0
#include "storage/site_register.h"

#include <catch2/catch.hpp>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::storage;
using bucky::test::TempDir;

namespace {

constexpr std::int64_t kHourMs = 3'600'000;

struct Register {
    TempDir dir;
    SettableClock clock{1'795'444'200'000};
    SiteRegister sites{dir.path(), clock};

    void invite(const std::string& name, const std::string& token) {
        sites.invite(name, token, clock.now_ms() + kHourMs);
    }
    void issue(const std::string& name, const std::string& serial) {
        sites.record({.serial = serial,
                      .site = name,
                      .issued_at_ms = clock.now_ms(),
                      .expires_at_ms = clock.now_ms() + 90 * 24 * kHourMs});
    }
};

}  // namespace

TEST_CASE("the register's migrations are those that were released", "[storage][sites]") {
    REQUIRE(site_migrations().size() == 1);
    Register one;
    Database db{one.dir / SiteRegister::kFileName, Database::Mode::create, site_migrations()};
    CHECK(db.version() == 1);
    CHECK(hex(sha256(site_migrations()[0].sql)).starts_with("61e6690382766d7d"));
    for (const auto& sql : site_statements()) CHECK_NOTHROW(db.prepare(sql));
}

TEST_CASE("an invitation makes one site, once", "[storage][sites]") {
    Register one;
    one.invite("clinic", "hash");
    CHECK(one.sites.redeem("hash", "key") == "clinic");
    CHECK_THROWS_WITH(one.sites.redeem("hash", "other key"), Catch::Contains("used before"));
    CHECK_THROWS_WITH(one.sites.redeem("guess", "key"), Catch::Contains("no such token"));
}

TEST_CASE("a site whose answer was lost may come again with the same key", "[storage][sites]") {
    Register one;
    one.invite("clinic", "hash");
    CHECK(one.sites.redeem("hash", "key") == "clinic");
    CHECK(one.sites.redeem("hash", "key") == "clinic");
}

TEST_CASE("an invitation ends, and a newer one takes its place", "[storage][sites]") {
    Register one;
    one.invite("clinic", "first");
    one.invite("clinic", "second");
    CHECK_THROWS_WITH(one.sites.redeem("first", "key"), Catch::Contains("newer invitation"));
    one.clock.advance_ms(2 * kHourMs);
    CHECK_THROWS_WITH(one.sites.redeem("second", "key"), Catch::Contains("ended at"));
}

TEST_CASE("a revoked site has no certificate that counts, until it is invited again",
          "[storage][sites]") {
    Register one;
    one.invite("clinic", "hash");
    one.issue("clinic", "01");
    one.invite("other", "hash2");
    one.issue("other", "02");
    CHECK(one.sites.may_renew("clinic", "01"));
    CHECK_FALSE(one.sites.may_renew("other", "01"));
    CHECK(one.sites.revoke("clinic") == 1);
    CHECK_FALSE(one.sites.may_renew("clinic", "01"));
    REQUIRE(one.sites.revoked().size() == 1);
    CHECK(one.sites.revoked()[0].serial == "01");
    CHECK_THROWS_WITH(one.issue("clinic", "03"), Catch::Contains("revoked or unknown"));
    CHECK_THROWS_WITH(one.sites.revoke("nobody"), Catch::Contains("no site nobody"));

    one.invite("clinic", "again");
    one.issue("clinic", "04");
    CHECK(one.sites.may_renew("clinic", "04"));
    CHECK_FALSE(one.sites.may_renew("clinic", "01"));
    CHECK(one.sites.certificates("clinic").size() == 2);
}

TEST_CASE("an expired certificate leaves the revocation list", "[storage][sites]") {
    Register one;
    one.invite("clinic", "hash");
    one.issue("clinic", "01");
    (void)one.sites.revoke("clinic");
    one.clock.advance_ms(91 * 24 * kHourMs);
    CHECK(one.sites.revoked().empty());
}

TEST_CASE("the list of sites says who was invited and whose certificate ends when",
          "[storage][sites]") {
    Register one;
    one.invite("b", "hash");
    one.invite("a", "hash2");
    one.issue("a", "01");
    const auto all = one.sites.sites();
    REQUIRE(all.size() == 2);
    CHECK(all[0].name == "a");
    CHECK(all[0].expires_at_ms > 0);
    CHECK(all[1].open_until_ms > 0);
    CHECK(all[1].expires_at_ms == 0);
    CHECK(one.sites.site("a"));
    CHECK_FALSE(one.sites.site("c"));
}
