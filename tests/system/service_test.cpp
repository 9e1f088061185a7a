// SPDX-License-Identifier: Apache-2.0
// The model server as its users have it: a node without DICOM, `bucky site`, `bucky join` at the
// site, and curl as a client by others.
#include <fstream>
#include <iterator>
#include <regex>

#include <catch2/catch.hpp>

#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tools/fake_pacs/port.h"

using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// A service that invites sites, and the folder of a site elsewhere.
struct ServiceAndSite {
    int port = fake::free_port();
    std::string url = "https://127.0.0.1:" + std::to_string(port);
    RunningNode node{{.more = "[service]\nlisten = \"127.0.0.1:" + std::to_string(port) +
                              "\"\nsites = true\nurl = \"" + url + "\"\n",
                      .scp = "plain = false\n"}};
    TempDir site;

    /// The config of a site: the same models, another data folder, no service.
    std::string site_config() const {
        std::ifstream in{node.config_file()};
        std::string text{std::istreambuf_iterator<char>{in}, {}};
        text.resize(text.find("[service]"));
        text = std::regex_replace(text, std::regex{"data_dir = \"[^\"]*\""},
                                  "data_dir = \"" + site.path().string() + "\"");
        text = std::regex_replace(text, std::regex{"plain = false\n"}, "");
        std::ofstream{site / "bucky.toml"} << text;
        return (site / "bucky.toml").string();
    }

    Finished join(const std::string& name) {
        const auto invited = node.bucky({"site", "invite", name});
        std::smatch found;
        const std::regex line{"bucky join (\\S+) --token (\\S+)"};
        REQUIRE(std::regex_search(invited.output, found, line));
        return run({bucky_program().string(), "join", found[1], "--token", found[2], "--config",
                    site_config()});
    }

    /// curl with the site's certificate; the status is the last line.
    std::string curl(std::vector<std::string> arguments) const {
        const auto own = site / "site";
        std::vector<std::string> all{"curl",     "-s",
                                     "-w",       "\n%{http_code}",
                                     "--cacert", (own / "ca.pem").string(),
                                     "--cert",   (own / "site.pem").string()};
        all.insert(all.end(), arguments.begin(), arguments.end());
        auto output = run(all).output;
        while (output.ends_with('\n')) output.pop_back();
        return output;
    }

    std::string infer() const {
        std::string numbers = "0";
        for (int i = 1; i < 256 * 256; ++i) numbers += i % 7 == 0 ? ",1" : ",0.25";
        std::ofstream{site / "request.json"}
            << R"({"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,256,256],"data":[)"
            << numbers << R"(]}],"outputs":[{"name":"scores"}]})";
        return curl({"--data-binary", "@" + (site / "request.json").string(),
                     url + "/v2/models/cxr-phantom/infer"});
    }
};

}  // namespace

TEST_CASE("a site joins a service with one line, is served, and is refused when it is revoked",
          "[system][service]") {
    ServiceAndSite both;
    const auto joined = both.join("clinic");
    INFO(joined.output);
    REQUIRE(joined.status == 0);
    CHECK_THAT(joined.output, Catch::Contains("joined as clinic") && Catch::Contains("[remote]"));
    CHECK_THAT(both.node.bucky({"site", "list"}).output, Catch::Contains("clinic"));

    const auto answer = both.infer();
    CHECK_THAT(answer, Catch::EndsWith("\n200") && Catch::Contains("\"scores\""));
    CHECK(both.node.logged("service.answered site=clinic"));
    const auto metrics = both.node.get("/metrics");
    CHECK_THAT(metrics, Catch::Contains("bucky_service_images_total{site=\"clinic\"} 1"));

    CHECK(both.node.bucky({"site", "revoke", "clinic"}).status == 0);
    std::string refused;
    CHECK(poll_until(
        [&] {
            refused = both.curl({both.url + "/v2"});
            return refused.ends_with("\n403");
        },
        30s));
    CHECK_THAT(refused, Catch::Contains("has been revoked"));
    CHECK_THAT(both.node.bucky({"site", "show", "clinic"}).output, Catch::Contains("revoked"));
    CHECK(both.node.stop() == 0);
}

TEST_CASE("a service takes up new quotas without a stop, and answers what it has when it stops",
          "[system][service]") {
    ServiceAndSite both;
    REQUIRE(both.join("clinic").status == 0);
    CHECK_THAT(both.infer(), Catch::EndsWith("\n200"));
    std::ofstream{both.node.config_file(), std::ios::app} << "site_per_day = 1\n";
    const auto reloaded = both.node.bucky({"reload"});
    INFO(reloaded.output);
    CHECK(reloaded.status == 0);
    CHECK_THAT(both.infer(), Catch::EndsWith("\n429"));
    CHECK_THAT(both.curl({both.url + "/v2/health/ready"}), Catch::EndsWith("\n200"));
    both.node.restart();
    CHECK_THAT(both.infer(), Catch::EndsWith("\n200"));  // the certificate is still good
}
