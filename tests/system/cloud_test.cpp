// SPDX-License-Identifier: Apache-2.0
// A site anywhere and its service, both of them ours: X-rays in at the site, results in the site's
// own PACS, and what happens when the service dies, or one of the two is not who it must be.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "inference/examine/examine.h"
#include "inference/findings_json.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/joined_site.h"
#include "tests/support/ledger.h"
#include "tests/support/oip_server.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/test_pki.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

NodeOptions to_pacs(const FakePacs& pacs) {
    NodeOptions options;
    options.destinations = {pacs.destination()};
    return options;
}

std::string text_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// Findings with their scores and regions, to the bit: JSON keeps every digit of a float.
nlohmann::json findings_of(const inference::ImageResult& result) {
    return nlohmann::json::parse(inference::to_json(result)).at("findings");
}

void expect_one_good_verdict_each(JoinedSite& site, const std::vector<std::string>& sent) {
    for (const auto& sop : sent) {
        INFO(sop);
        const auto line = site.node().verdict_line(sop, 180s);
        REQUIRE_FALSE(line.empty());
        CHECK(field(line, "verdict") != "failed");
    }
    std::map<std::string, int> verdicts;
    for (const auto& line : site.node().process().lines()) {
        if (line.find(" image.verdict ") != std::string::npos) ++verdicts[field(line, "sop")];
    }
    for (const auto& [sop, count] : verdicts) {
        INFO(sop);
        CHECK(count == 1);
    }
}

/// Nothing waits, nothing failed, and the PACS has what the site made, each once. A verdict comes
/// before its objects: no open job alone does not say that all is done.
void expect_all_delivered_once(JoinedSite& site, const FakePacs& pacs) {
    CHECK(poll_until(
        [&] { return !pacs.stored().empty() && Ledger{site.data_dir()}.open_work().empty(); },
        120s));
    std::map<std::string, int> stored;
    for (const auto& file : pacs.stored()) {
        const auto said = output_of("dcmdump +P SOPInstanceUID " + file.string());
        ++stored[said.substr(said.find('['), said.find(']') - said.find('['))];
    }
    CHECK_FALSE(stored.empty());
    for (const auto& [sop, count] : stored) {
        INFO(sop);
        CHECK(count == 1);
    }
}

bool says(JoinedSite& site, const std::string& words) {
    return poll_until(
        [&] { return site.node().bucky({"status"}).output.find(words) != std::string::npos; }, 90s);
}

/// A certificate of this site by the service's own authority that ended a month ago.
std::string expired_identity(ServiceNode& service, const fs::path& folder) {
    const auto at = [&](const char* name) { return (folder / name).string(); };
    CHECK(run({"openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-keyout", at("old.key"), "-out", at("old.csr"), "-subj", "/CN=clinic"})
              .status == 0);
    CHECK(run({"faketime", "120 days ago", "openssl", "x509", "-req", "-in", at("old.csr"), "-CA",
               (service.authority() / "ca.pem").string(), "-CAkey",
               (service.authority() / "ca.key").string(), "-set_serial", "77", "-days", "90",
               "-out", at("old.pem")})
              .status == 0);
    return text_of(folder / "old.pem") + text_of(folder / "old.key");
}

/// The phantom model with one parameter moved, sound in itself.
void write_moved_package(const fs::path& folder) {
    fs::create_directories(folder);
    const auto made =
        run({"/usr/bin/python3", "-c",
             "import sys, torch\nm = "
             "torch.jit.load(sys.argv[1])\nnext(m.parameters()).data.mul_(1.01)\n"
             "torch.jit.save(m, sys.argv[2])",
             (phantom_model() / "weights.ts").string(), (folder / "weights.ts").string()});
    INFO(made.output);
    REQUIRE(made.status == 0);
    auto manifest = text_of(phantom_model() / "model.toml");
    const auto at = manifest.find("sha256 = \"") + 10;
    const auto before = manifest.substr(at, 64);
    const auto now = output_of("sha256sum " + (folder / "weights.ts").string()).substr(0, 64);
    for (auto one = at; one != std::string::npos; one = manifest.find(before, one)) {
        manifest.replace(one, 64, now);
    }
    manifest.resize(std::min(manifest.size(), manifest.find("[[golden]]")));
    std::ofstream{folder / "model.toml"} << manifest;
}

/// The phantom model under another name.
void write_renamed_package(const fs::path& folder) {
    fs::copy(phantom_model(), folder);
    auto manifest = text_of(folder / "model.toml");
    manifest.replace(manifest.find("\"cxr-phantom\""), 13, "\"cxr-other\"");
    std::ofstream{folder / "model.toml"} << manifest;
}

}  // namespace

TEST_CASE(
    "an X-ray at a joined site has in the site's PACS what the package finds at home, to the "
    "bit",
    "[system][cloud]") {
    FakePacs pacs;
    ServiceNode service;
    JoinedSite site{service, "clinic", to_pacs(pacs)};
    const inference::Shelf at_home{{phantom_model()}, {"cpu", 1}};
    const std::vector<std::vector<phantom::Finding>> kinds{
        {}, {phantom::Finding::nodule}, {phantom::Finding::pneumothorax}};
    int compared = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        const auto xray = site.send(seed, kinds.at(seed % kinds.size()));
        const auto sop = xray.uids.sop_instance_uid;
        REQUIRE_FALSE(site.node().verdict_line(sop).empty());
        const auto got = Ledger{site.data_dir()}.result_of(sop);
        REQUIRE(got);
        CHECK(got->device == "remote: 127.0.0.1");
        if (got->masked > 0) continue;  // a side marker: other pixels, other last digits
        ++compared;
        const auto wanted = inference::examine(xray.file, at_home, 0);
        REQUIRE_FALSE(wanted.findings.empty());
        CHECK(got->verdict == wanted.verdict);
        CHECK(findings_of(*got) == findings_of(wanted));
    }
    CHECK(compared >= 5);
    expect_all_delivered_once(site, pacs);
    CHECK(service.node().logged("service.answered site=clinic"));
}

TEST_CASE(
    "our service is killed under load and comes back: a joined site loses nothing and fails "
    "nothing",
    "[system][cloud][crash]") {
    FakePacs pacs;
    ServiceNode service;
    JoinedSite site{service, "clinic", to_pacs(pacs)};
    std::vector<std::string> sent;
    for (std::uint64_t seed = 1; seed <= 9; ++seed) {
        sent.push_back(site.send(seed).uids.sop_instance_uid);
        if (seed % 3 == 0) service.node().restart();  // kill -9
    }
    expect_one_good_verdict_each(site, sent);
    expect_all_delivered_once(site, pacs);
}

TEST_CASE(
    "an expired, a foreign and a revoked certificate are refused in words at both ends, and "
    "the image waits",
    "[system][cloud][tls]") {
    const TempDir dir;
    ServiceNode service;
    JoinedSite site{service, "clinic"};
    const auto good = text_of(site.certificate());
    std::vector<std::string> waiting;
    const auto show = [&](const std::string& identity, const std::string& words) {
        std::ofstream{site.certificate()} << identity;
        service.node().restart();  // connections that are open were proven with the old one
        waiting.push_back(site.send(10 + waiting.size()).uids.sop_instance_uid);
        INFO(words);
        CHECK(says(site, words));
        CHECK(service.node().logged(words));
        CHECK(service.node().logged("service.refused"));
    };
    const auto first = site.send(1);
    REQUIRE_FALSE(site.node().verdict_line(first.uids.sop_instance_uid).empty());

    show(expired_identity(service, dir.path()), "has expired");
    const auto& foreign = pki().xray1();
    show(text_of(foreign.certificate) + text_of(foreign.key), "is of no authority in service.ca");
    for (const auto& sop : waiting) CHECK_FALSE(Ledger{site.data_dir()}.result_of(sop));

    std::ofstream{site.certificate()} << good;
    expect_one_good_verdict_each(site, waiting);

    auto& server = service.node().process();
    const auto from = server.lines().size();
    CHECK(service.node().bucky({"site", "revoke", "clinic"}).status == 0);
    CHECK(server.wait_for_line("service.certificate", 30s, from));  // the list is read
    const auto late = site.send(3);
    CHECK(service.node().logged("has been revoked"));
    CHECK(says(site, "has been revoked"));
    CHECK_FALSE(Ledger{site.data_dir()}.result_of(late.uids.sop_instance_uid));
}

TEST_CASE("a service with other weights, or without the site's package, gets no image",
          "[system][cloud]") {
    const TempDir dir;
    write_moved_package(dir / "cxr-phantom");
    ServiceNode moved{{.model = dir / "cxr-phantom"}};
    JoinedSite site{moved, "clinic"};
    const auto waiting = site.send(1);
    CHECK(says(site, "the server has the weights"));
    CHECK(moved.node().logged("service.refused from=127.0.0.1 site=clinic words=\"the server has"));
    // The page of the service learns it from the site's next heartbeat: at its start, or a minute
    // later.
    CHECK(poll_until(
        [&] {
            return moved.node().get("/fleet.json").find("has the weights") != std::string::npos;
        },
        90s));
    CHECK_FALSE(Ledger{site.data_dir()}.result_of(waiting.uids.sop_instance_uid));

    write_renamed_package(dir / "cxr-other");
    ServiceNode other{{.model = dir / "cxr-other"}};
    JoinedSite stranger{other, "clinic"};
    const auto unknown = stranger.send(2);
    CHECK(says(stranger, "there is no such model"));
    CHECK(other.node().logged("service.unknown from=127.0.0.1 site=clinic"));
    CHECK_FALSE(Ledger{stranger.data_dir()}.result_of(unknown.uids.sop_instance_uid));
}

TEST_CASE("weights that are exchanged under an open connection get no further image",
          "[system][cloud]") {
    const TempDir dir;
    write_moved_package(dir / "moved" / "cxr-phantom");
    FakePacs pacs;
    ServiceNode service;
    JoinedSite site{service, "clinic", to_pacs(pacs)};
    const auto first = site.send(1);
    REQUIRE_FALSE(site.node().verdict_line(first.uids.sop_instance_uid).empty());

    const auto serve = [&](const fs::path& from, const fs::path& to) {
        auto config = text_of(service.node().config_file());
        config.replace(config.find(from.string()), from.string().size(), to.string());
        std::ofstream{service.node().config_file()} << config;
        const auto reloaded = service.node().bucky({"reload"});
        INFO(reloaded.output);
        REQUIRE(reloaded.status == 0);
    };
    serve(phantom_model(), dir / "moved" / "cxr-phantom");
    const auto waiting = site.send(2);
    const auto words = "the server has the weights";
    CHECK(says(site, words));
    CHECK(service.node().logged(words));
    CHECK_FALSE(Ledger{site.data_dir()}.result_of(waiting.uids.sop_instance_uid));

    serve(dir / "moved" / "cxr-phantom", phantom_model());
    expect_one_good_verdict_each(site, {waiting.uids.sop_instance_uid});
    expect_all_delivered_once(site, pacs);
}

TEST_CASE("images go through a proxy with a password, and wait with words when it is wrong",
          "[system][cloud]") {
    const TempDir dir;
    FakePacs pacs;
    ConnectProxy proxy{"site", "open sesame"};
    const auto password = dir / "password";
    const auto keep = [&](const std::string& text) {
        fs::remove(password);
        std::ofstream{password} << text << '\n';
        fs::permissions(password, fs::perms::owner_read);
    };
    keep("open sesame");
    ServiceNode service;
    JoinedSite site{service, "clinic", to_pacs(pacs),
                    "proxy = \"" + proxy.url() +
                        "\"\nproxy_user = \"site\"\nproxy_password_file = \"" + password.string() +
                        "\"\n"};
    const auto first = site.send(1);
    const auto line = site.node().verdict_line(first.uids.sop_instance_uid);
    REQUIRE_FALSE(line.empty());
    CHECK(field(line, "verdict") != "failed");
    CHECK(proxy.process().wait_for_line("tunnel 127.0.0.1:" + std::to_string(service.port()), 10s));
    expect_all_delivered_once(site, pacs);

    keep("open the door");
    site.node().restart();
    const auto waiting = site.send(2);
    CHECK(says(site, "407"));
    CHECK_FALSE(Ledger{site.data_dir()}.result_of(waiting.uids.sop_instance_uid));
    keep("open sesame");
    site.node().restart();
    expect_one_good_verdict_each(site, {waiting.uids.sop_instance_uid});
}
