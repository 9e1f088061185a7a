// SPDX-License-Identifier: Apache-2.0
// The whole node over TLS: an X-ray arrives with a client certificate, its results go to a PACS
// that requires one too, and the log gives the reason for each refused caller.
#include <csignal>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/orthanc.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/storescp.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

std::string quoted(const std::filesystem::path& path) {
    return '"' + path.string() + '"';
}

/// The [[listener]] of a node, and the authority that it trusts.
std::string listener(const Identity& node, Authority& authority) {
    return "[[listener]]\nlisten = \"127.0.0.1\"\nport = 0\ncertificate = " +
           quoted(node.certificate) + "\nkey = " + quoted(node.key) +
           "\nca = " + quoted(authority.certificate()) +
           "\ncrl = " + quoted(authority.revocation_list()) + '\n';
}

std::string destination_tls(const Identity& node, const Authority& authority) {
    return "tls = true\nca = " + quoted(authority.certificate()) +
           "\ncertificate = " + quoted(node.certificate) + "\nkey = " + quoted(node.key);
}

int tls_port(RunningNode& node) {
    const auto line = node.process().wait_for_line(
        [](std::string_view one) {
            return one.find(" door.open ") != one.npos && one.find("tls=yes") != one.npos;
        },
        30s);
    return std::stoi(field(line.value_or("port=0"), "port"));
}

Finished storescu(const Identity& identity, const Authority& authority, int port,
                  const std::filesystem::path& file) {
    return run({"storescu", "-aec", "BUCKY", "+tls", identity.key.string(),
                identity.certificate.string(), "+cf", authority.certificate().string(), "127.0.0.1",
                std::to_string(port), file.string()});
}

}  // namespace

TEST_CASE("an X-ray that comes in through TLS has its results in a PACS that speaks only TLS",
          "[system][tls]") {
    auto& authority = pki().authority;
    const auto& node_identity = pki().node();
    const auto& pacs_identity = pki().peer();
    const auto leaver = authority.issue("leaver");
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 8});
    Orthanc pacs(Orthanc::Plugins::none,
                 OrthancTls{pacs_identity.certificate, pacs_identity.key, authority.certificate()});
    auto to = pacs.destination();
    to.more = destination_tls(node_identity, authority);
    RunningNode node{{.destinations = {to}, .more = listener(node_identity, authority)}};
    const int port = tls_port(node);

    CHECK(storescu(leaver, authority, port, xray.file).status == 0);
    const auto results = pacs.wait_for_results(xray.uids.study_uid, 1);
    CHECK(results.reports.size() == 1);
    CHECK_FALSE(results.overlays.empty());
    CHECK(node.logged("certificate=\"CN=leaver,O=Hospital\""));

    const auto echoed = node.bucky({"echo", "pacs"});
    CHECK(echoed.status == 0);
    CHECK_THAT(echoed.output, Catch::Contains("CN=peer,O=Hospital"));

    // Orthanc calls, with its own certificate
    pacs.knows("BUCKY", port, true);
    CHECK(pacs.echo());

    // Refused callers, and the reasons.
    CHECK(storescu(pki().expired(), authority, port, xray.file).status != 0);
    CHECK(node.logged("has expired"));
    CHECK(storescu(pki().self_signed(), authority, port, xray.file).status != 0);
    CHECK(node.logged("signed by itself"));
    CHECK(storescu(pki().unknown(), authority, port, xray.file).status != 0);
    CHECK(node.logged("of no authority in listener.ca"));
    const auto s_client = [&](const std::string& options) {
        (void)run({"sh", "-c",
                   "openssl s_client -connect 127.0.0.1:" + std::to_string(port) + ' ' + options +
                       " </dev/null"});
    };
    s_client("-tls1_3");
    CHECK(node.logged("shows no certificate"));
    s_client("-tls1_1 -cipher ALL:@SECLEVEL=0");
    CHECK(node.logged("TLS 1.1 or older only"));
    s_client("-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0");
    CHECK(node.logged("weak cipher suites only"));

    // Revoked while the node runs: SIGHUP reads the list again.
    authority.revoke(leaver);
    (void)authority.revocation_list();
    node.process().signal(SIGHUP);
    REQUIRE(node.logged(" reload.applied "));
    CHECK(
        poll_until([&] { return storescu(leaver, authority, port, xray.file).status != 0; }, 30s));
    CHECK(node.logged("has been revoked"));
    CHECK(node.stop() == 0);
}

TEST_CASE("results go to DCMTK's storescp over TLS, and to none that another authority vouches for",
          "[system][tls]") {
    const auto& authority = pki().authority;
    const auto& ours = pki().node();
    const auto archive = [&](const Identity& identity) {
        return Storescp({kComprehensive3dSr, "1.2.840.10008.1.1"}, {"1.2.840.10008.1.2.1"},
                        {"+tls", identity.key.string(), identity.certificate.string(), "+cf",
                         authority.certificate().string()});
    };
    const auto good = archive(pki().peer());
    const auto bad = archive(pki().unknown());
    auto to_good = good.destination(destination_tls(ours, authority));
    auto to_bad = bad.destination(destination_tls(ours, authority));
    to_bad.name = "false";
    RunningNode node{{.destinations = {to_good, to_bad}}};
    const TempDir dir;
    REQUIRE(node.store(write_xray(dir.path(), {.seed = 9}).file) == 0);
    CHECK(poll_until([&] { return !good.stored().empty(); }, 60s));

    CHECK(node.bucky({"echo", "archive"}).status == 0);
    CHECK_THAT(node.bucky({"echo", "archive", "--json"}).output,
               Catch::Contains("\"status\": \"0000\"") && Catch::Contains("\"security\": \"TLS"));
    const auto echoed = node.bucky({"echo", "false"});
    CHECK(echoed.status != 0);
    CHECK_THAT(echoed.output, Catch::Contains("destination.ca"));
    CHECK(bad.stored().empty());
}
