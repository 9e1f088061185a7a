// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/join.h"

#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/oip_server.h"
#include "tests/support/temp_dir.h"
#include "tests/tools/sites/invites.h"
#include "tools/bucky/sites/private_file.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

std::string token_of(Invites& service, const std::string& name) {
    const auto line = service.control().invite(name).line;
    return line.substr(line.rfind(' ') + 1);
}

std::string url_of(const Invites& service) {
    return "https://127.0.0.1:" + std::to_string(service.served->port());
}

Identity identity_in(const std::filesystem::path& folder) {
    return {folder / "site.pem", folder / "site.pem"};
}

int mode_of(const std::filesystem::path& file) {
    struct stat found {};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    return static_cast<int>(found.st_mode & 0777U);
}

}  // namespace

TEST_CASE("a site joins with one line and is served, and its key is readable by itself only",
          "[sites][tls]") {
    Invites service;
    const auto folder = service.dir / "site";
    const auto joined = join(url_of(service), token_of(service, "clinic"), folder, {});
    CHECK(joined.site == "clinic");
    CHECK(joined.trusts_own_ca);
    CHECK(mode_of(folder) == 0700);
    CHECK(mode_of(folder / "site.pem") == 0600);
    const auto me = identity_in(folder);
    HttpCaller caller{service.served->port(), &me};
    CHECK(caller.ask(infer_request(slope(), {1, 1, 256, 256})).status == 200);
    CHECK_THAT(remote_lines(folder, joined),  // the service says where its models are
               Catch::Contains("[remote]\nurl = \"https://127.0.0.1:443\"") &&
                   Catch::Contains("site.pem"));
}

TEST_CASE("a data folder that is not there is made for the service alone, or the command is said",
          "[sites]") {
    const TempDir dir;
    make_data_folder(dir / "srv" / "bucky");
    CHECK(mode_of(dir / "srv" / "bucky") == 0700);
    CHECK_NOTHROW(make_data_folder(dir / "srv" / "bucky"));
    const auto blocked = dir / "srv" / "bucky" / "file" / "data";
    write_private_file(dir / "srv" / "bucky" / "file", "no folder");
    CHECK_THROWS_WITH(
        make_data_folder(blocked),
        Catch::Contains("is not there and cannot be made") &&
            Catch::Contains("sudo install -d -m 750 -o bucky -g bucky " + blocked.string()));
}

TEST_CASE("a data folder that root makes belongs to the service's user", "[sites]") {
    if (::geteuid() != 0) return;  // nobody else can give a folder away
    const TempDir dir;
    make_data_folder(dir / "data", "daemon");
    struct stat made {};
    REQUIRE(::stat((dir / "data").c_str(), &made) == 0);
    CHECK(made.st_uid == 1);
}

TEST_CASE("a certificate is renewed when two thirds of its time have passed, with a new key",
          "[sites][tls]") {
    Invites service;
    const auto folder = service.dir / "site";
    CHECK_FALSE(renew_if_due(folder, {}, service.clock));  // it has joined nothing
    (void)join(url_of(service), token_of(service, "clinic"), folder, {});
    const auto before = text_of(folder / "site.pem");
    CHECK_FALSE(renew_if_due(folder, {}, service.clock));
    const SettableClock young{service.clock.now_ms() + 59 * kDayMs};
    CHECK_FALSE(renew_if_due(folder, {}, young));
    const SettableClock due{service.clock.now_ms() + 61 * kDayMs};
    CHECK(renew_if_due(folder, {}, due));
    const auto after = text_of(folder / "site.pem");
    const auto key = [](const std::string& pem) { return pem.substr(pem.find("-----BEGIN P")); };
    CHECK(key(after) != key(before));
    const auto me = identity_in(folder);
    HttpCaller caller{service.served->port(), &me};
    CHECK(caller.ask({}).status == 200);
    CHECK(service.control().sites().certificates("clinic").size() == 2);
}

TEST_CASE("an authority that is not the invitation's gets no request from the site",
          "[sites][tls]") {
    Invites service;
    auto token = token_of(service, "clinic");
    token.back() = token.back() == '0' ? '1' : '0';
    CHECK_THROWS_WITH(join(url_of(service), token, service.dir / "site", {}),
                      Catch::Contains("another authority than the invitation names"));
    CHECK(service.control().sites().site("clinic")->open_until_ms > 0);  // still to be used
}

TEST_CASE("a site that is refused reads the service's words", "[sites][tls]") {
    Invites service;
    const auto token = token_of(service, "clinic");
    (void)join(url_of(service), token, service.dir / "site", {});
    CHECK_THROWS_WITH(join(url_of(service), token, service.dir / "other", {}),
                      Catch::Contains("the token was used before"));
    (void)service.control().revoke("clinic");
    const SettableClock due{service.clock.now_ms() + 61 * kDayMs};
    CHECK_THROWS_AS(renew_if_due(service.dir / "site", {}, due), Error);
    CHECK_THROWS_WITH(join("http://x", token, service.dir / "o", {}),
                      Catch::Contains("no address of a service"));
}

TEST_CASE("a site joins and renews through a proxy with a password", "[sites][tls]") {
    Invites service;
    ConnectProxy proxy{"site", "open sesame"};
    conf::RemoteSettings way;
    way.proxy = proxy.url();
    way.proxy_user = "site";
    const auto folder = service.dir / "site";
    const auto token = token_of(service, "clinic");
    const auto password = service.dir / "password";
    std::ofstream{password} << "open the door\n";
    std::filesystem::permissions(password, std::filesystem::perms::owner_read);
    way.proxy_password_file = password;
    CHECK_THROWS_WITH(join(url_of(service), token, folder, way), Catch::Contains("407"));
    CHECK(proxy.process().wait_for_line("refused", 10s));
    std::filesystem::remove(password);
    std::ofstream{password} << "open sesame\n";
    std::filesystem::permissions(password, std::filesystem::perms::owner_read);
    CHECK(join(url_of(service), token, folder, way).site == "clinic");
    const SettableClock due{service.clock.now_ms() + 61 * kDayMs};
    CHECK(renew_if_due(folder, way, due));
    const auto port = std::to_string(service.served->port());
    CHECK(proxy.process().wait_for_line("tunnel 127.0.0.1:" + port, 10s));
}
