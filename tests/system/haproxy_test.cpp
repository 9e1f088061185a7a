// SPDX-License-Identifier: Apache-2.0
// Debian's HAProxy before two model servers, with the configuration that packaging/examples has.
#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/joined_site.h"
#include "tests/support/ledger.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tools/fake_pacs/port.h"

using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

std::string at(int port) {
    return "https://127.0.0.1:" + std::to_string(port);
}

std::string local(int port) {
    return "127.0.0.1:" + std::to_string(port);
}

/// A file of packaging/examples with other addresses and paths.
class Haproxy {
public:
    using Exchanges = std::vector<std::pair<std::string, std::string>>;

    /// `door`: a port at which it listens then.
    Haproxy(const std::string& example, const Exchanges& exchanges, int door) {
        std::ifstream in{source_dir() / "packaging" / "examples" / example};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        for (const auto& [from, to] : exchanges) {
            INFO(from);
            REQUIRE(text.find(from) != std::string::npos);
            text = std::regex_replace(text, std::regex{from}, to);
        }
        std::ofstream{dir_ / "haproxy.cfg"} << text;
        program_.emplace(std::vector<std::string>{"/usr/sbin/haproxy", "-W", "-db", "-f",
                                                  (dir_ / "haproxy.cfg").string()});
        const auto listens = [&] { return run({"curl", "-sk", at(door)}).status != 7; };
        REQUIRE(poll_until(listens, 30s));  // 7: nobody does
    }
    Process& process() noexcept { return *program_; }
    ~Haproxy() {
        program_->signal(SIGTERM);
        (void)program_->wait(10s);
    }

private:
    TempDir dir_;
    std::optional<Process> program_;
};

struct Ports {
    int sites = fake::free_port(), control = fake::free_port(), a = fake::free_port(),
        b = fake::free_port();
};

bool logs(RunningNode& node, const std::string& part) {
    return node.process().output().find(part) != std::string::npos;
}

std::size_t answered(RunningNode& node) {
    std::size_t lines = 0;
    for (const auto& line : node.process().lines()) {
        lines += line.find(" service.answered ") != std::string::npos ? 1 : 0;
    }
    return lines;
}

}  // namespace

TEST_CASE(
    "a site behind HAProxy goes on when one of two servers is killed, and is known by its own "
    "address",
    "[system][cloud][haproxy]") {
    const Ports ports;
    Haproxy haproxy{"haproxy-tcp.cfg",
                    {{"bind :443", "bind " + local(ports.sites)},
                     {"bind :8444", "bind " + local(ports.control)},
                     {"10.0.0.11:8443", local(ports.a)},
                     {"10.0.0.12:8443", local(ports.b)}},
                    ports.control};
    const auto url = at(ports.sites), control = "control = \"" + at(ports.control) + "\"\n";
    const std::string proxied = "proxy_protocol = true\n";
    FakePacs pacs;
    ServiceNode first{{.port = ports.a, .url = url, .more = proxied + control}};
    ServiceNode second{{.port = ports.b,
                        .url = url,
                        .more = proxied + control + first.beside(),
                        .invites = false}};
    NodeOptions options;
    options.destinations = {pacs.destination()};
    JoinedSite site{first, "clinic", options, "address = \"127.0.0.7\"\n"};

    std::vector<std::string> sent;
    const auto send_until = [&](const auto& enough) {
        for (int most = 20; most > 0 && !enough(); --most) {
            sent.push_back(site.send(sent.size() + 1).uids.sop_instance_uid);
            CHECK_FALSE(site.node().verdict_line(sent.back(), 120s).empty());
        }
        CHECK(enough());
    };
    send_until([&] { return answered(first.node()) + answered(second.node()) >= 4; });
    auto& busy = answered(first.node()) > 0 ? first : second;
    auto& other = &busy == &first ? second : first;
    busy.node().kill9();
    const auto before = answered(other.node());
    send_until([&] { return answered(other.node()) >= before + 4; });
    for (const auto& sop : sent) {
        INFO(sop);
        CHECK(field(site.node().verdict_line(sop), "verdict") != "failed");
    }
    CHECK(poll_until([&] { return Ledger{site.data_dir()}.open_work().empty(); }, 60s));
    if (!first.node().running()) first.node().restart();

    // Revoked at the control node: the other server has fetched the list, and names the caller.
    CHECK(first.node().bucky({"site", "revoke", "clinic"}).status == 0);
    if (second.node().running()) CHECK(second.node().logged("service.list from", 90s));
    (void)site.send(100);
    const auto refused = "service.refused from=127.0.0.7 site=clinic";
    CHECK(poll_until(
        [&] {
            return logs(first.node(), refused) ||
                   (second.node().running() && logs(second.node(), refused));
        },
        90s));
}

TEST_CASE("HAProxy that ends TLS names the site by its certificate, whatever the site says",
          "[system][cloud][haproxy]") {
    const Ports ports;
    const auto url = at(ports.sites);
    // The node that invites has an address of its own: who joins has no certificate yet.
    ServiceNode first{
        {.port = ports.control, .url = url, .more = "control = \"" + at(ports.control) + "\"\n"}};
    NodeOptions told;
    told.scp = "plain = false\n";
    told.inference = "device = \"cpu\"\ngate = \"off\"\n";
    told.more = "[service]\nlisten = \"" + local(ports.a) + "\"\ncertificate_header = \"X-Site\"\n";
    RunningNode server{told};
    const auto authority = first.authority();
    Haproxy haproxy{"haproxy-tls.cfg",
                    {{"bind :443", "bind " + local(ports.sites)},
                     {"127.0.0.1:8080", local(ports.a)},
                     {"/etc/haproxy/service.pem", (authority / "server.pem").string()},
                     {"/etc/haproxy/sites-ca.pem", (authority / "ca.pem").string()},
                     {"/etc/haproxy/sites-crl.pem", (authority / "crl.pem").string()}},
                    ports.sites};
    FakePacs pacs;
    NodeOptions options;
    options.destinations = {pacs.destination()};
    JoinedSite site{first, "clinic", options};
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const auto line = site.node().verdict_line(site.send(seed).uids.sop_instance_uid);
        REQUIRE_FALSE(line.empty());
        CHECK(field(line, "verdict") != "failed");
    }
    CHECK(server.logged("service.answered site=clinic"));

    const auto ask = [&](std::vector<std::string> more) {
        std::vector<std::string> command{"curl", "-sk", "-w", "%{http_code}", "-o", "/dev/null"};
        command.insert(command.end(), more.begin(), more.end());
        command.push_back(url + "/v2/models/another");
        return run(command).output.substr(0, 3);
    };
    const auto certificate = site.certificate().string();
    CHECK(ask({"--cert", certificate, "-H", "X-Site: somebody"}) == "404");
    CHECK(server.logged("service.unknown from=127.0.0.1 site=clinic target=/v2/models/another"));
    CHECK_FALSE(logs(server, "site=somebody"));
    CHECK(ask({}) == "000");  // no answer without a certificate

    CHECK(first.node().bucky({"site", "revoke", "clinic"}).status == 0);
    haproxy.process().signal(SIGUSR2);  // reload, as for a list that was fetched
    CHECK(poll_until([&] { return ask({"--cert", certificate}) == "000"; }, 30s));
}
