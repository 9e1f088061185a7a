// SPDX-License-Identifier: Apache-2.0
// Config errors: all at once, with file and line, exit status 2, and nothing is started.
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/database_file.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"

using namespace bucky::test;

TEST_CASE("a wrong config is told all at once, and nothing is started", "[system][config]") {
    const TempDir dir;
    const auto config = dir / "bucky.toml";
    const auto data_dir = dir / "data";
    std::ofstream{config} << "[node]\n"                                      // 1
                          << "ae_title = \"FAR_TOO_LONG_FOR_AN_AE\"\n"       // 2
                          << "data_dir = \"" << data_dir.string() << "\"\n"  // 3
                          << "[scp]\n"                                       // 4
                          << "port = 99999\n"                                // 5
                          << "prot = 1\n"                                    // 6
                          << "[inference]\nmodels = [\"" << phantom_model().string() << "\"]\n";
    for (const auto* words : {"serve", "config"}) {
        std::vector<std::string> command{bucky_program().string(), words};
        if (std::string_view{words} == "config") command.push_back("check");
        command.insert(command.end(), {"--config", config.string()});
        const auto ended = run(command);
        INFO(ended.output);
        CHECK(ended.status == 2);
        for (const auto* where : {"bucky.toml:2", "bucky.toml:5", "bucky.toml:6"}) {
            CHECK(ended.output.find(where) != std::string::npos);
        }
        CHECK(ended.output.find("node.ready") == std::string::npos);
    }
    CHECK_FALSE(std::filesystem::exists(database_file(data_dir)));
}

TEST_CASE("a config file that is not there is an error with its name", "[system][config]") {
    const auto ended = run({bucky_program().string(), "serve", "--config", "/nowhere/bucky.toml"});
    CHECK(ended.status == 2);
    CHECK(ended.output.find("/nowhere/bucky.toml") != std::string::npos);
}

TEST_CASE("the example config is a config", "[system][config]") {
    const TempDir dir;
    const auto example = run({bucky_program().string(), "config", "example"});
    REQUIRE(example.status == 0);
    // the example names the model's path in an installation
    const std::string installed = "/usr/share/bucky/models/cxr-phantom";
    auto text = example.output;
    REQUIRE(text.find(installed) != std::string::npos);
    text.replace(text.find(installed), installed.size(), phantom_model().string());
    std::ofstream{dir / "bucky.toml"} << text;
    const auto checked = run(
        {bucky_program().string(), "config", "check", "--config", (dir / "bucky.toml").string()});
    INFO(checked.output);
    CHECK(checked.status == 0);
}

TEST_CASE("SIGTERM stops the node with status 0, and the admin listener tells its health",
          "[system]") {
    RunningNode node;
    CHECK(node.get("/healthz") != "");
    CHECK(node.get("/readyz") != "");
    CHECK(node.get("/metrics").find("bucky_") != std::string::npos);
    CHECK(node.bucky({"status"}).status == 0);
    CHECK(node.stop() == 0);
}
