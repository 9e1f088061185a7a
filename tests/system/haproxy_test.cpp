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
#include "tests/support/http.h"
#include "tests/support/joined_site.h"
#include "tests/support/ledger.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"

using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

std::string at(int port) {
    return "https://127.0.0.1:" + std::to_string(port);
}

/// packaging/examples/haproxy-tcp.cfg with other addresses.
class Haproxy {
public:
    struct Ports {
        int sites = free_port(), control = free_port(), a = free_port(), b = free_port();
    };

    explicit Haproxy(const Ports& ports) {
        std::ifstream in{source_dir() / "packaging" / "examples" / "haproxy-tcp.cfg"};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        const auto exchange = [&](const std::string& from, int port) {
            REQUIRE(text.find(from) != std::string::npos);
            const auto to = from.substr(0, from.rfind(' ')) + " 127.0.0.1:" + std::to_string(port);
            text = std::regex_replace(text, std::regex{from}, to);
        };
        exchange("bind :443", ports.sites);
        exchange("bind :8444", ports.control);
        exchange("server a 10.0.0.11:8443", ports.a);
        exchange("server b 10.0.0.12:8443", ports.b);
        std::ofstream{dir_ / "haproxy.cfg"} << text;
        program_.emplace(std::vector<std::string>{"/usr/sbin/haproxy", "-W", "-db", "-f",
                                                  (dir_ / "haproxy.cfg").string()});
        const auto listens = [&] { return run({"curl", "-sk", at(ports.control)}).status != 7; };
        REQUIRE(poll_until(listens, 30s));  // 7: nobody does
    }
    ~Haproxy() {
        program_->signal(SIGTERM);
        (void)program_->wait(10s);
    }

private:
    TempDir dir_;
    std::optional<Process> program_;
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
    const Haproxy::Ports ports;
    Haproxy haproxy{ports};
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
    CHECK(poll_until([&] { return Ledger{site.data_dir()}.open_jobs().empty(); }, 60s));
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
