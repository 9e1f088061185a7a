// SPDX-License-Identifier: Apache-2.0
// Config errors: all at once, with file and line, exit status 2, and nothing is started.
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>
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
    // the example names an installation's model, folder and port
    auto text = example.output;
    for (const auto& [installed, here] :
         {std::pair<std::string, std::string>{"/usr/share/bucky/models/cxr-phantom",
                                              phantom_model().string()},
          {"/var/lib/bucky", (dir / "data").string()},
          {"port = 11112", "port = 0"}}) {
        REQUIRE(text.find(installed) != std::string::npos);
        text.replace(text.find(installed), installed.size(), here);
    }
    std::ofstream{dir / "bucky.toml"} << text;
    const auto checked = run(
        {bucky_program().string(), "config", "check", "--config", (dir / "bucky.toml").string()});
    INFO(checked.output);
    CHECK(checked.status == 0);
}

TEST_CASE("root's config check reads what the service's user can read, and says as whom",
          "[system][config]") {
    if (::geteuid() != 0) {
        WARN("skipped: only root can become another user");
        return;
    }
    constexpr unsigned kNobody = 65534;
    const TempDir dir;
    namespace fs = std::filesystem;
    fs::permissions(dir.path(), fs::perms::others_exec | fs::perms::others_read,
                    fs::perm_options::add);
    const auto token = dir / "token", data = dir / "data", config = dir / "bucky.toml";
    std::ofstream{token} << "correct-horse-battery\n";
    fs::permissions(token, fs::perms::owner_read | fs::perms::owner_write);
    fs::create_directory(data);
    const auto write_config = [&](int port) {
        std::ofstream{config} << fmt::format(
            "[node]\nae_title = \"BUCKY\"\ndata_dir = \"{}\"\n[scp]\nport = {}\n"
            "[admin]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"{}\"\n"
            "[inference]\nmodels = [\"{}\"]\n",
            data.string(), port, token.string(), phantom_model().string());
    };
    write_config(0);
    const auto check = [&] {
        return run({bucky_program().string(), "config", "check", "--config", config.string()});
    };
    const auto as_root = check();
    INFO(as_root.output);
    CHECK(as_root.status == 0);
    REQUIRE(::chown(data.c_str(), kNobody, kNobody) == 0);
    write_config(1);  // which a unit may allow its node: no problem of the file
    const auto as_service = check();
    CHECK(as_service.status == 2);
    CHECK_THAT(as_service.output, !Catch::Contains("scp.port"));
    CHECK_THAT(as_service.output,
               Catch::Contains("checked as nobody, the owner of " + data.string()));
    CHECK_THAT(as_service.output, Catch::Contains(token.string() + " cannot be read"));
}

TEST_CASE("a node whose port is taken ends before it loads a model", "[system][config]") {
    RunningNode first;
    const TempDir dir;
    std::ofstream{dir / "bucky.toml"}
        << "[node]\nae_title = \"BUCKY\"\ndata_dir = \"" << (dir / "data").string()
        << "\"\n[scp]\nlisten = \"127.0.0.1\"\nport = " << first.dicom_port()
        << "\n[inference]\nmodels = [\"" << phantom_model().string() << "\"]\n";
    const auto ended =
        run({bucky_program().string(), "serve", "--config", (dir / "bucky.toml").string()});
    INFO(ended.output);
    CHECK(ended.status == 1);
    CHECK_THAT(ended.output, Catch::Contains("Address already in use") &&
                                 Catch::Contains("see scp.port") &&
                                 !Catch::Contains("model.loaded"));
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
