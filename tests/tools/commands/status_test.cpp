// SPDX-License-Identifier: Apache-2.0
// What `bucky status` says of a node, and when it asks for a person.
#include <string>

#include <unistd.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/commands/command_line.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/reload.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("status asks for a person when no node runs, and is content when one does", "[tools]") {
    const Visited visited;
    const auto idle = visited.ask({"status"});
    CHECK(idle.status == 1);
    CHECK_THAT(idle.text, Catch::Contains("! no node runs on this data_dir"));
    CHECK(idle.widest() <= 80);

    const DataLock lock{visited.settings.node.data_dir};
    const auto running = visited.ask({"status"});
    CHECK(running.status == 0);
    CHECK_THAT(running.text, Catch::Contains("running, process ") &&
                                 Catch::Contains("deliver:archive") && Catch::Contains("infer"));
}

TEST_CASE("status tells what only the running node sees, and nothing that an earlier one saw",
          "[tools]") {
    const Visited visited;
    const DataLock lock{visited.settings.node.data_dir};
    RunningNote note;
    note.process = std::to_string(::getpid());
    note.troubles = {{Concern::audit, {}, "audit messages wait: the server is a stranger"}};
    leave_note(visited.settings.node.data_dir, note);
    const auto said = visited.ask({"status"});
    CHECK(said.status == 1);
    CHECK_THAT(said.text, Catch::Contains("! audit messages wait: the server is a stranger\n"));
    note.process = "1";
    leave_note(visited.settings.node.data_dir, note);
    CHECK(visited.ask({"status"}).status == 0);
}

TEST_CASE("status tells programs the same as people", "[tools]") {
    Visited visited;
    const DataLock lock{visited.settings.node.data_dir};
    const auto good = nlohmann::json::parse(visited.ask({"status", "--json"}).text);
    CHECK(good.at("healthy") == true);
    CHECK(good.at("running") == true);
    CHECK(good.at("queues").size() == 4);

    visited.park_one("0xA900: not \xff UTF-8");
    const auto said = visited.ask({"status", "--json"});
    CHECK(said.status == 1);
    const auto bad = nlohmann::json::parse(said.text);
    CHECK(bad.at("healthy") == false);
    CHECK_THAT(bad.at("troubles").at(0).get<std::string>(),
               Catch::Contains("`bucky queue retry --destination pacs` sends them again"));
}

TEST_CASE("reading commands change nothing", "[tools]") {
    Visited visited;
    const auto before = visited.context().jobs.jobs_of_study(visited.study()).size();
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"status"}, {"queue"}, {"study", "list"}}) {
        visited.ask(words);
    }
    CHECK(visited.context().jobs.jobs_of_study(visited.study()).size() == before);
}
