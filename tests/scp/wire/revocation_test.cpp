// SPDX-License-Identifier: Apache-2.0
// Revocation lists with an intermediate authority between the root and the peer's certificate.
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "scp/deliver/echo.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/certificates.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/written.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// A root, an intermediate authority, and two certificates that it issued.
struct Chain {
    Authority root{"Root Authority"}, ward{"Ward Authority", root};
    Identity node = ward.issue("node"), caller = ward.issue("caller");
};

std::filesystem::path together(const TempDir& dir,
                               const std::vector<std::filesystem::path>& lists) {
    std::ofstream all{dir / "lists.pem"};
    for (const auto& list : lists) all << std::ifstream{list}.rdbuf();
    return dir / "lists.pem";
}

/// A listener that requires certificates and has these lists, or none.
struct TlsDoor : TestFrontDoor {
    explicit TlsDoor(const Chain& chain, const std::filesystem::path& lists = {})
        : TestFrontDoor([&](conf::Settings& settings) {
              auto& listener = settings.listeners.emplace_back();
              listener.listen = "127.0.0.1";
              listener.port = 0;
              listener.certificate = chain.node.certificate;
              listener.key = chain.node.key;
              listener.client_certificates = ClientCertificates::required;
              listener.ca = chain.root.certificate();
              listener.crl = lists;
          }) {}
};

/// The outcome of a call of ours that has these lists, or none.
std::string call(const TlsDoor& door, const Chain& chain, const std::filesystem::path& lists = {}) {
    scp::Target target{.name = "pacs",
                       .ae = AeTitle{"BUCKY"},
                       .host = "127.0.0.1",
                       .port = static_cast<std::uint16_t>(door.port(1)),
                       .connect_timeout = 20s,
                       .response_timeout = 20s};
    target.tls = scp::Target::Tls{.certificate = chain.caller.certificate,
                                  .key = chain.caller.key,
                                  .ca = chain.root.certificate(),
                                  .crl = lists,
                                  .name = "127.0.0.1"};
    try {
        return scp::echo(target, AeTitle{"XRAY1"}).status == 0 ? "answered" : "refused";
    } catch (const Error& error) {
        return error.what();
    }
}

/// What a listener with these lists logs about a caller with a certificate of the intermediate
/// authority.
std::string logged(const Chain& chain, const std::filesystem::path& lists) {
    TlsDoor door(chain, lists);
    log::set_level(log::Level::info);
    return written_by([&] {
        (void)call(door, chain);
        (void)poll_until([&] { return door.door().open_associations() == 0; }, 20s);
    });
}

}  // namespace

TEST_CASE("with a valid list of each authority in the chain both sides are accepted",
          "[scp][tls]") {
    Chain chain;
    const TempDir dir;
    const auto lists = together(dir, {chain.root.revocation_list(), chain.ward.revocation_list()});
    TlsDoor door(chain, lists);
    CHECK(call(door, chain, lists) == "answered");
    const auto echo =
        run({"echoscu", "-aec", "BUCKY", "+tls", chain.caller.key.string(),
             chain.caller.certificate.string(), "+cf", chain.root.certificate().string(),
             "127.0.0.1", std::to_string(door.port(1))});
    INFO(echo.output);
    CHECK(echo.status == 0);
}

TEST_CASE("a certificate of a revoked authority is refused, and the words name that authority",
          "[scp][tls]") {
    Chain chain;
    chain.root.revoke(chain.ward);
    const TempDir dir;
    const auto lists = together(dir, {chain.root.revocation_list(), chain.ward.revocation_list()});
    CHECK_THAT(logged(chain, lists),
               Catch::Contains("the certificate (CN=Ward Authority) above its own "
                               "(CN=caller,O=Hospital) has been revoked, says listener.crl"));
    CHECK_THAT(call(TlsDoor{chain}, chain, lists),
               Catch::Contains("the certificate (CN=Ward Authority) above its own "
                               "(CN=node,O=Hospital) has been revoked, says destination.crl"));
}

TEST_CASE("an authority whose list is missing is named, and its chain is refused", "[scp][tls]") {
    Chain chain;
    const TempDir dir;
    const auto without_root = together(dir, {chain.ward.revocation_list()});
    CHECK_THAT(logged(chain, without_root),
               Catch::Contains("listener.crl holds no list of CN=Root Authority, the authority "
                               "that made the certificate (CN=Ward Authority) above its own"));
    CHECK_THAT(call(TlsDoor{chain}, chain, without_root),
               Catch::Contains("destination.crl holds no list of CN=Root Authority"));
    const auto without_ward = together(dir, {chain.root.revocation_list()});
    CHECK_THAT(logged(chain, without_ward),
               Catch::Contains("listener.crl holds no list of CN=Ward Authority, the authority "
                               "that made its certificate (CN=caller,O=Hospital)"));
    CHECK_THAT(call(TlsDoor{chain}, chain, without_ward),
               Catch::Contains("destination.crl holds no list of CN=Ward Authority"));
}

TEST_CASE("an authority whose list is out of date is named, and its chain is refused",
          "[scp][tls]") {
    Chain chain;
    const TempDir dir;
    const auto old_root =
        together(dir, {chain.root.expired_revocation_list(), chain.ward.revocation_list()});
    CHECK_THAT(logged(chain, old_root),
               Catch::Contains("the list of CN=Root Authority in listener.crl is out of date"));
    CHECK_THAT(call(TlsDoor{chain}, chain, old_root),
               Catch::Contains("the list of CN=Root Authority in destination.crl is out of date"));
    const auto old_ward =
        together(dir, {chain.root.revocation_list(), chain.ward.expired_revocation_list()});
    CHECK_THAT(logged(chain, old_ward),
               Catch::Contains("the list of CN=Ward Authority in listener.crl is out of date"));
    CHECK_THAT(call(TlsDoor{chain}, chain, old_ward),
               Catch::Contains("the list of CN=Ward Authority in destination.crl is out of date"));
}
