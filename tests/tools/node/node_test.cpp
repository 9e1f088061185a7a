// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/node.h"

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "inference/package/package.h"
#include "scp/wire/start.h"
#include "storage/lane.h"
#include "tests/support/temp_dir.h"
#include "tests/tools/admin/http_talk.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/engine/model_pool.h"

using namespace bucky;
using bucky::test::Talk;
using namespace std::string_literals;

namespace {

conf::Settings settings_in(const test::TempDir& dir) {
    scp::start_wire();
    conf::Settings settings;
    settings.node.data_dir = dir / "data";
    settings.scp.listen = "127.0.0.1";
    settings.scp.port = 0;
    settings.admin.listen = "127.0.0.1:0";
    settings.storage.min_free_mb = 1;
    settings.inference.models = {test::phantom_model()};
    settings.inference.models_writable_ok = true;
    settings.inference.threads = 1;
    return settings;
}

std::string ask(const Node& node, const std::string& path) {
    return Talk{node.admin_port()}.say("GET " + path + " HTTP/1.1\r\n\r\n").rest();
}

}  // namespace

TEST_CASE(
    "a node opens on ports that the system chooses, tells that it is ready, and stops at "
    "SIGTERM",
    "[tools]") {
    const test::TempDir dir;
    auto settings = settings_in(dir);
    settings.destinations.emplace_back().name = "pacs";
    settings.destinations.back().host = "127.0.0.1";
    Node node{settings};
    node.open();
    CHECK(node.dicom_port() != 0);
    CHECK_THAT(ask(node, "/healthz"), Catch::StartsWith("HTTP/1.1 200"));
    CHECK_THAT(ask(node, "/readyz"), Catch::StartsWith("HTTP/1.1 200"));
    const auto metrics = ask(node, "/metrics");
    CHECK_THAT(metrics, Catch::Contains("bucky_build_info{version="));
    const auto lane = "{lane=\"" + name_of(storage::Lane::deliver("pacs")) + "\"";
    for (const std::string& born :
         {R"(bucky_reloads_total{outcome="refused"} 0)"s,
          "bucky_jobs" + lane + R"(,state="parked"} 0)", "bucky_oldest_job_seconds" + lane + "} 0",
          "bucky_unowned_jobs" + lane + "} 0"}) {
        CHECK_THAT(metrics, Catch::Contains(born));
    }
    CHECK(std::raise(SIGTERM) == 0);
    node.wait_for_signal();
    node.close();
    CHECK_THROWS(Talk{node.dicom_port()});
}

TEST_CASE("a second node on the same data folder says who has it, and opens no port", "[tools]") {
    const test::TempDir dir;
    const auto settings = settings_in(dir);
    const Node first{settings};
    CHECK_THROWS_WITH(Node{settings}, Catch::Contains("in use by another bucky"));
}

TEST_CASE("a disk below the floor makes the node not ready, with the numbers", "[tools]") {
    const test::TempDir dir;
    auto settings = settings_in(dir);
    settings.storage.min_free_mb = 10'000'000;
    Node node{settings};
    node.open();
    CHECK_THAT(ask(node, "/readyz"), Catch::StartsWith("HTTP/1.1 503") &&
                                         Catch::Contains("storage.min_free_mb is 10000000"));
}

TEST_CASE("without admin.listen there is no admin port", "[tools]") {
    const test::TempDir dir;
    auto settings = settings_in(dir);
    settings.admin.listen = "";
    Node node{settings};
    node.open();
    CHECK(node.admin_port() == 0);
}

TEST_CASE("a package that cannot be loaded keeps the doors closed", "[tools]") {
    const test::TempDir dir;
    auto settings = settings_in(dir);
    settings.inference.models = {dir / "nothing"};
    CHECK_THROWS_AS(Node{settings}, Error);
}

TEST_CASE("weights that are not those which the config names are not run", "[tools]") {
    const test::TempDir dir;
    auto settings = settings_in(dir);
    auto& pinned = settings.models.emplace_back();
    pinned.folder = test::phantom_model();
    pinned.sha256 = std::string(64, 'a');
    CHECK_THROWS_WITH(load_shelf(settings),
                      Catch::Contains("model.sha256 of the config allows aaaa"));
    pinned.sha256 = inference::read_package(pinned.folder).identity.sha256;
    CHECK_NOTHROW(load_shelf(settings));
}

TEST_CASE(
    "SIGHUP takes up the file without a stop, and keeps all of the old when one thing is wrong",
    "[tools]") {
    const test::TempDir dir;
    auto settings = settings_in(dir);
    const auto copy = dir / "model";
    std::filesystem::copy(test::phantom_model(), copy);
    std::atomic<int> reads = 0;
    auto told = settings;
    Node node{settings, [&] {
                  ++reads;
                  return told;
              }};
    node.open();
    const auto served = [&](const std::string& words) {
        while (!Catch::Contains(words).match(ask(node, "/metrics"))) std::this_thread::yield();
    };
    told.inference.gate = GateMode::off;
    told.inference.models = {copy};
    CHECK(std::raise(SIGHUP) == 0);
    served("bucky_reloads_total{outcome=\"applied\"} 1");
    told.inference.models = {dir / "nothing"};
    CHECK(std::raise(SIGHUP) == 0);
    served("bucky_reloads_total{outcome=\"refused\"} 1");
    CHECK(reads == 2);
    CHECK_THAT(ask(node, "/readyz"), Catch::StartsWith("HTTP/1.1 200"));
}
