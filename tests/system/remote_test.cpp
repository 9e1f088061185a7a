// SPDX-License-Identifier: Apache-2.0
// A site whose model runs on a service: the real node, and a server of the Open Inference Protocol
// that is killed, spoilt and started again.
#include <algorithm>
#include <filesystem>
#include <fstream>
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
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

OipServer phantom_service(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--model", "cxr-phantom", "--versions", "1.1.0", "--weights",
                             (phantom_model() / "weights.ts").string()});
    return OipServer{more};
}

struct Site {
    explicit Site(const OipServer& server, std::vector<Destination> destinations = {}) {
        write_package_without_weights(dir / "package");
        NodeOptions options;
        options.destinations = std::move(destinations);
        options.model = dir / "package";
        options.inference = "device = \"remote\"\ngate_model = \"" +
                            (source_dir() / "models" / "cxr-gate").string() + "\"";
        options.more = "[remote]\nurl = \"" + server.url() + "\"\nanswer_timeout_s = 20\n";
        node.emplace(std::move(options));
    }

    Xray send(std::uint64_t seed, std::vector<phantom::Finding> lesions = {}) {
        auto xray = write_xray(dir.path(), {.seed = seed, .lesions = std::move(lesions)});
        REQUIRE(node->store(xray.file) == 0x0000);
        return xray;
    }

    TempDir dir;
    std::optional<RunningNode> node;
};

/// Verdicts by SOP Instance UID, as the log tells them.
std::map<std::string, std::vector<std::string>> verdicts_in(const std::vector<std::string>& lines) {
    std::map<std::string, std::vector<std::string>> all;
    for (const auto& line : lines) {
        if (line.find(" image.verdict ") == std::string::npos) continue;
        all[field(line, "sop")].push_back(field(line, "verdict"));
    }
    return all;
}

nlohmann::json findings_of(const inference::ImageResult& result) {
    return nlohmann::json::parse(inference::to_json(result)).at("findings");
}

}  // namespace

TEST_CASE(
    "findings of a service are those of the same package at home, to the bit, and the report "
    "names who answered",
    "[system][remote]") {
    auto server = phantom_service();
    Site site{server};
    const inference::Shelf at_home{{phantom_model()}, {"cpu", 1}};
    const auto check = [&](const Xray& xray) {
        REQUIRE_FALSE(site.node->verdict_line(xray.uids.sop_instance_uid).empty());
        const auto got = Ledger{site.node->data_dir()}.result_of(xray.uids.sop_instance_uid);
        REQUIRE(got);
        CHECK(got->device == "remote: 127.0.0.1");
        const auto wanted = inference::examine(xray.file, at_home, 0);
        REQUIRE_FALSE(wanted.findings.empty());
        CHECK(got->verdict == wanted.verdict);
        CHECK(findings_of(*got) == findings_of(wanted));
    };
    check(site.send(1));
    check(site.send(2, {phantom::Finding::nodule}));
    const auto reports = site.node->data_dir() / "results";
    REQUIRE(poll_until(
        [&] {
            return output_of("dcmdump +L $(find " + reports.string() +
                             " -name '*.dcm') 2>/dev/null")
                       .find("analysed by remote: 127.0.0.1") != std::string::npos;
        },
        60s));
    const auto sent = nlohmann::json::parse(server.seen());
    CHECK(sent["requests"].dump().find("1.2.") == std::string::npos);
}

TEST_CASE("a service that is killed under load loses no image, answers none twice, fails none",
          "[system][remote][crash]") {
    constexpr std::uint64_t kImages = 12;
    FakePacs pacs;
    auto server = phantom_service();
    Site site{server, {pacs.destination()}};
    std::vector<std::string> sent;
    for (std::uint64_t seed = 1; seed <= kImages; ++seed) {
        sent.push_back(site.send(seed).uids.sop_instance_uid);
        if (seed % 4 != 2) continue;
        server.kill9();   // with images under way, or between two
        if (seed == 6) {  // an image that comes now finds nobody
            sent.push_back(site.send(kImages + 1).uids.sop_instance_uid);
            REQUIRE(site.node->logged("model.lost"));
        }
        server.start_again();
    }
    for (const auto& sop : sent) {
        INFO(sop);
        const auto line = site.node->verdict_line(sop, 180s);
        REQUIRE_FALSE(line.empty());
        CHECK(field(line, "verdict") != "failed");
    }
    for (const auto& [sop, verdicts] : verdicts_in(site.node->process().lines())) {
        INFO(sop);
        CHECK(verdicts.size() == 1);
    }
    CHECK(poll_until([&] { return Ledger{site.node->data_dir()}.open_work().empty(); }, 120s));
}

TEST_CASE("while the service is away, the node takes images and says since when and why",
          "[system][remote]") {
    auto server = phantom_service();
    Site site{server};
    const auto first = site.send(1);
    REQUIRE_FALSE(site.node->verdict_line(first.uids.sop_instance_uid).empty());
    server.kill9();
    const auto waiting = site.send(2);
    REQUIRE(site.node->logged("model.lost"));
    CHECK(poll_until(
        [&] {
            const auto status = site.node->bucky({"status"}).output;
            return status.find("remote: 127.0.0.1 is lost since 2") != std::string::npos;
        },
        30s));
    const auto metrics_say = [&](const std::string& words) {
        return poll_until(
            [&] { return site.node->get("/metrics").find(words) != std::string::npos; }, 30s);
    };
    CHECK(metrics_say("bucky_model_answers{model=\"cxr-phantom\"} 0"));
    CHECK(metrics_say("bucky_model_away_seconds{model=\"cxr-phantom\"}"));
    CHECK_FALSE(site.node->get("/readyz").empty());
    CHECK_FALSE(Ledger{site.node->data_dir()}.result_of(waiting.uids.sop_instance_uid));
    server.start_again();
    CHECK(field(site.node->verdict_line(waiting.uids.sop_instance_uid, 120s), "verdict") !=
          "failed");
}

TEST_CASE("a site starts, and takes images, while its service has other weights or is not there",
          "[system][remote]") {
    auto server = phantom_service();
    server.mood(R"({"sha256": "bbbb"})");
    Site site{server};
    CHECK(site.node->logged("the server has the weights bbbb"));
    const auto waiting = site.send(3);
    CHECK_FALSE(site.node->get("/readyz").empty());
    server.mood("{}");
    CHECK(field(site.node->verdict_line(waiting.uids.sop_instance_uid, 120s), "verdict") !=
          "failed");
}

TEST_CASE("a package without weights needs a service, or fetches them from there",
          "[system][remote]") {
    auto server = phantom_service({"--hand-out"});
    const TempDir dir;
    const auto package = dir / "package";
    write_package_without_weights(package);
    const auto config = dir / "bucky.toml";
    const auto write_config = [&](const std::string& more) {
        std::ofstream{config} << "[node]\ndata_dir = \"" << (dir / "data").string()
                              << "\"\n[scp]\nlisten = \"127.0.0.1\"\nport = 0\n[inference]\nmodels "
                                 "= [\""
                              << package.string()
                              << "\"]\ngate = \"off\"\nmodels_writable_ok = true\n[admin]\nlisten "
                                 "= \"\"\n[[destination]]\nname = \"pacs\"\nae_title = \"PACS\"\n"
                                 "host = \"127.0.0.1\"\n"
                              << more;
    };
    const auto bucky = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), bucky_program().string());
        return run(arguments);
    };
    write_config("");
    const auto refused = bucky({"serve", "--config", config.string()});
    CHECK(refused.status != 0);
    CHECK_THAT(refused.output, Catch::Contains("its weights are not here"));
    CHECK_THAT(bucky({"model", "check", package.string()}).output,
               Catch::Contains("The weights are not here"));

    write_config("[remote]\nurl = \"" + server.url() + "\"\n");
    const auto fetched = bucky({"model", "fetch", package.string(), "--config", config.string()});
    INFO(fetched.output);
    REQUIRE(fetched.status == 0);
    const auto checked = bucky({"model", "check", package.string()});
    CHECK(checked.status == 0);
    CHECK_THAT(checked.output, Catch::Contains("The package is sound"));
}
