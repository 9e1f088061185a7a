// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/reload.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.h"

using namespace bucky;

TEST_CASE("what only a start can take up keeps its value, and is named", "[tools]") {
    conf::Settings now;
    auto next = now;
    next.scp.port = 104;
    next.node.data_dir = "/elsewhere";
    next.scp.artim_s = 7;
    CHECK(keep_until_restart(now, next) == std::vector<std::string>{"node.data_dir", "scp.port"});
    CHECK(next.scp.port == now.scp.port);
    CHECK(next.node.data_dir == now.node.data_dir);
    CHECK(next.scp.artim_s == 7);
    CHECK(keep_until_restart(next, next).empty());
}

TEST_CASE("the node's note reads back, and is for its own user alone", "[tools]") {
    const test::TempDir dir;
    CHECK_FALSE(read_note(dir.path()));
    const RunningNote note{.process = "17",
                           .since_ms = 5,
                           .begun = 9,
                           .reloads = 2,
                           .refused = "a \"reason\"\nof two lines",
                           .waiting = {"scp.port"},
                           .in_force = {{"scp.port", "11112"}, {"node.ae_title", "\"BUCKY\""}}};
    leave_note(dir.path(), note);
    const auto read = read_note(dir.path());
    REQUIRE(read);
    CHECK(read->process == "17");
    CHECK(read->reloads == 2);
    CHECK(read->refused == note.refused);
    CHECK(read->waiting == note.waiting);
    CHECK(read->in_force == note.in_force);
    using std::filesystem::perms;
    const auto file = dir / "running.json";
    CHECK((std::filesystem::status(file).permissions() & (perms::group_all | perms::others_all)) ==
          perms::none);
    std::ofstream{file} << "{\"process\": 17}";
    CHECK_FALSE(read_note(dir.path()));
}
