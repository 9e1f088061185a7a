// SPDX-License-Identifier: Apache-2.0
// What commands say of the purpose of models.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/file/read.h"
#include "tests/support/open_model.h"
#include "tests/support/places.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("config check, status and the list say that no model reads patients, in 80 columns",
          "[tools][config]") {
    Visited visited;
    const DataLock lock{visited.settings.node.data_dir};
    const auto notes = [&] {
        return nlohmann::json::parse(visited.ask({"status", "--json"}).text).at("notes").size();
    };
    for (const auto* command : {"check", "status", "list"}) {
        const std::string word = command;
        const auto said = visited.ask(word == "check"    ? std::vector<std::string>{"config", word}
                                      : word == "status" ? std::vector{word}
                                                         : std::vector<std::string>{"model", word});
        CAPTURE(said.text);
        CHECK(said.status == 0);  // the node is as its admin set it up
        CHECK_THAT(said.text, Catch::Contains("no installed model reads patients"));
        CHECK_THAT(said.text, Catch::Contains("`bucky model list"));
    }
    CHECK(visited.ask({"status"}).widest() <= 80);
    CHECK(notes() == 1);

    // Another package beside it, and then only in the shadow.
    const auto open = write_open_model(visited.dir / "open");
    visited.settings.inference.models.push_back(open);
    write_file(visited.config(), conf::to_toml(visited.settings));
    CHECK_THAT(visited.ask({"config", "check"}).text, Catch::Contains("good\ndisk: "));
    CHECK(notes() == 0);
    visited.settings.models.resize(1);
    visited.settings.models[0].folder = open;
    visited.settings.models[0].shadow = true;
    write_file(visited.config(), conf::to_toml(visited.settings));
    CHECK(notes() == 1);

    // A tenant that names only demonstrations, on a node that has more.
    visited.settings.models.clear();
    visited.settings.tenants.resize(1);
    visited.settings.tenants[0].ae_title = AeTitle{"NORTH"};
    visited.settings.tenants[0].models = {phantom_model()};
    visited.settings.tenants[0].destinations = {"pacs"};
    write_file(visited.config(), conf::to_toml(visited.settings));
    CHECK_THAT(visited.ask({"config", "check"}).text,
               Catch::Contains("! no model of tenant NORTH reads patients"));
}

TEST_CASE("the list of what is shipped says what each package reads, of whom, what was measured",
          "[tools][config]") {
    const auto models = phantom_model().parent_path();
    const auto said = bucky_command({"model", "list", "--from", models});
    CHECK(said.widest() <= 80);
    for (const auto& folder : std::filesystem::directory_iterator{models}) {
        CHECK_THAT(said.text, Catch::Contains(folder.path().filename().string() + ' '));
    }
    CHECK_THAT(said.text, Catch::Contains("cxr-phantom 1.1.0: demonstration\n") &&
                              Catch::Contains("  patients  nobody: only images of") &&
                              Catch::Contains("  measured  1500 unseen phantoms") &&
                              Catch::Contains("cxr-gate 2.0.0: gate\n") &&
                              !Catch::Contains("its maker does not say"));
    const TempDir empty;
    CHECK_THROWS_WITH(bucky_command({"model", "list", "--from", empty.path()}),
                      Catch::Contains("no model package lies there"));
}
