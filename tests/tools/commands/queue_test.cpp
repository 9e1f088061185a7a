// SPDX-License-Identifier: Apache-2.0
// What waits for destinations, and what a person may do about it.
#include <cstdint>
#include <map>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/file/read.h"
#include "storage/site.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

std::vector<std::string> troubles_of(const Visited& visited) {
    auto db = storage::Site{visited.settings.node.data_dir}.open();
    return sentences(look(visited.settings, visited.clock, db).troubles);
}

}  // namespace

TEST_CASE("the queue shows what is parked with the peer's own words, and one command sends it",
          "[tools]") {
    Visited visited;
    visited.park_one("refused 0x0122: SOP class not supported \x1b[2J");
    const auto shown = visited.ask({"queue"});
    CHECK_THAT(shown.text, Catch::Contains("refused 0x0122: SOP class not supported ?[2J"));
    CHECK(shown.widest() <= 80);
    CHECK_THAT(visited.ask({"queue", "retry", "--destination", "pacs"}).text,
               Catch::StartsWith("1 jobs"));
    CHECK(visited.context().jobs.parked(10).empty());
    visited.park_one("refused again");
    auto& jobs = visited.context().jobs;
    const auto waiting = jobs.claim(storage::Lane::deliver("archive"), 60'000);
    REQUIRE(waiting.has_value());
    jobs.retry_later(*waiting, visited.clock.now_ms() + 1'000'000'000'000, "it is away");
    CHECK_THAT(visited.ask({"queue", "retry", "--destination", "archive", "--parked"}).text,
               Catch::StartsWith("0 jobs"));
    CHECK_THAT(visited.ask({"queue", "retry", "--parked"}).text, Catch::StartsWith("1 jobs"));
    CHECK_THAT(visited.ask({"queue", "retry"}).text, Catch::StartsWith("1 jobs"));
    CHECK_THROWS_WITH(visited.ask({"queue", "retry", "--destination", "pasc"}),
                      Catch::Contains("no [[destination]] is named pasc"));
}

TEST_CASE("what waits for a destination that is gone is dropped or moved by a command", "[tools]") {
    Visited visited;
    CHECK_THROWS_WITH(visited.ask({"queue", "drop", "--destination", "pacs"}),
                      Catch::Contains("pacs is a [[destination]] and gets its results") &&
                          Catch::Contains("bucky queue hold --destination pacs"));
    CHECK_THROWS_WITH(visited.ask({"queue", "drop", "--destination", "pasc"}),
                      Catch::Contains("nothing waits for pasc"));
    for (auto& one : visited.settings.destinations) {
        if (one.name == "pacs") one.name = "new-pacs";
        if (one.name == "archive") one.name = "new-archive";
    }
    write_file(visited.config(), conf::to_toml(visited.settings));
    const DataLock lock{visited.settings.node.data_dir};
    CHECK(visited.ask({"status"}).status == 1);
    const auto checked = bucky_command({"config", "check", visited.config()});
    CHECK(checked.status == 0);
    CHECK_THAT(checked.text, Catch::Contains(": good\n") &&
                                 Catch::Contains("! deliver:pacs: 2 results wait") &&
                                 Catch::Contains("! deliver:archive: 2 results wait"));

    CHECK_THROWS_WITH(visited.ask({"queue", "move", "--destination", "pacs", "--to", "pacs"}),
                      Catch::Contains("no [[destination]] is named pacs"));
    CHECK_THAT(visited.ask({"queue", "move", "--destination", "pacs", "--to", "new-pacs"}).text,
               Catch::StartsWith("deliver:pacs: 2 results go to new-pacs now, 0 of them"));
    CHECK_THAT(visited.ask({"queue", "drop", "--destination", "archive"}).text,
               Catch::StartsWith("deliver:archive: 2 jobs dropped"));
    const auto status = visited.ask({"status"});
    INFO(status.text);
    CHECK(status.status == 0);
    CHECK_THAT(bucky_command({"config", "check", visited.config()}).text,
               Catch::Contains(": good\n! no installed model reads patients") &&
                   !Catch::Contains("deliver:"));
    CHECK_THAT(visited.ask({"study", "show", "A-1"}).text,
               Catch::Contains("from pacs to new-pacs by hand") &&
                   Catch::Contains("for archive: dropped by hand"));
}

TEST_CASE("a destination that is held can be moved, dropped and released, and is named",
          "[tools]") {
    Visited visited;
    CHECK_THROWS_WITH(visited.ask({"queue", "hold", "--destination", "pasc"}),
                      Catch::Contains("no [[destination]] is named pasc"));
    CHECK_THROWS_WITH(visited.ask({"queue", "release", "--destination", "pacs"}),
                      Catch::Contains("pacs is not held"));
    CHECK_THAT(visited.ask({"queue", "hold", "--destination", "pacs"}).text,
               Catch::StartsWith("pacs is held"));
    const DataLock lock{visited.settings.node.data_dir};
    const auto status = visited.ask({"status"});
    CHECK(status.status == 0);  // a person wanted it
    CHECK_THAT(status.text, Catch::Contains("destination pacs is held since 2"));
    CHECK_THAT(visited.ask({"queue", "move", "--destination", "pacs", "--to", "archive"}).text,
               Catch::StartsWith("deliver:pacs: 2 results go to archive now, 2 of them"));
    CHECK_THROWS_WITH(visited.ask({"queue", "drop", "--destination", "pacs"}),
                      Catch::Contains("nothing waits for pacs"));
    CHECK_THAT(visited.ask({"queue", "release", "--destination", "pacs"}).text,
               Catch::StartsWith("pacs gets its results again"));
    (void)visited.ask({"queue", "hold", "--destination", "archive"});
    CHECK_THAT(visited.ask({"queue", "drop", "--destination", "archive"}).text,
               Catch::StartsWith("deliver:archive: 2 jobs dropped"));
}

TEST_CASE("a destination that has failed for a while is a trouble, unless it is held", "[tools]") {
    Visited visited;
    auto& jobs = visited.context().jobs;
    const DataLock lock{visited.settings.node.data_dir};
    const auto job = jobs.claim(storage::Lane::deliver("archive"), 60'000);
    REQUIRE(job.has_value());
    jobs.retry_later(*job, visited.clock.now_ms() + 1000, "nobody listens there");
    visited.clock.advance_ms(60'000);
    CHECK(troubles_of(visited).empty());
    visited.clock.advance_ms(15 * 60'000);
    const auto troubles = troubles_of(visited);
    REQUIRE(troubles.size() == 1);
    CHECK_THAT(troubles[0], Catch::StartsWith("deliver:archive: fails, its oldest result waits") &&
                                Catch::Contains("nobody listens there"));
    (void)visited.ask({"queue", "hold", "--destination", "archive"});
    CHECK(troubles_of(visited).empty());
}

TEST_CASE("what a destination got is sent there again by a command", "[tools]") {
    Visited visited;
    const auto again = [&](const char* to) {
        return visited.ask({"study", "retry", "A-1", "--destination", to}).text;
    };
    auto& jobs = visited.context().jobs;
    const auto pacs = storage::Lane::deliver("pacs");
    while (const auto job = jobs.claim(pacs, 60'000)) jobs.finish(*job);
    CHECK(jobs.open(pacs) == 0);
    CHECK_THAT(again("pacs"), Catch::StartsWith("2 results of "));
    CHECK(jobs.open(pacs) == 2);
    CHECK_THAT(again("pacs"), Catch::StartsWith("2 results of "));  // they are due, and no more
    CHECK(jobs.open(pacs) == 2);
    while (const auto job = jobs.claim(pacs, 60'000)) jobs.finish(*job);
    CHECK_THROWS_WITH(again("pasc"), Catch::Contains("no [[destination]] is named pasc"));
    CHECK_THAT(visited.ask({"study", "show", "A-1"}).text,
               Catch::Contains("2 results to pacs by hand"));
}

TEST_CASE("a tenant's results do not move to a destination that is not for it", "[tools]") {
    Visited visited;
    visited.receive({.seed = 4, .owner = "NORTH"});
    visited.hang_up();
    auto& tenant = visited.settings.tenants.emplace_back();
    tenant.ae_title = AeTitle{"NORTH"};
    tenant.destinations = {"pacs"};
    visited.infer_all();
    visited.report_all();
    for (auto& one : visited.settings.destinations) {
        if (one.name == "pacs") one.name = "new-pacs";
    }
    tenant.destinations = {"new-pacs"};
    write_file(visited.config(), conf::to_toml(visited.settings));
    const auto to = [&](const char* name) {
        return visited.ask({"queue", "move", "--destination", "pacs", "--to", name}).text;
    };
    CHECK_THAT(to("archive"), Catch::Contains("2 results go to archive") &&
                                  Catch::Contains("2 are of tenants that archive is not for"));
    CHECK_THAT(to("new-pacs"), Catch::Contains("2 results go to new-pacs"));
}

TEST_CASE("the queue tells what waits by destination and age, to people and to programs",
          "[tools]") {
    const Visited visited;
    const auto shown = visited.ask({"queue"});
    CHECK(shown.widest() <= 80);
    CHECK_THAT(shown.text, Catch::Contains("WAITS SINCE") && Catch::Contains("deliver:archive"));
    const auto said = nlohmann::json::parse(visited.ask({"queue", "--json"}).text);
    std::map<std::string, std::int64_t> open;
    for (const auto& queue : said.at("queues")) {
        open[queue.at("lane")] = queue.at("open");
        std::int64_t by_age = 0;
        for (const auto& age : queue.at("by_age")) by_age += age.at("jobs").get<std::int64_t>();
        CHECK(by_age == queue.at("open"));
        CHECK(queue.at("by_age").front().at("younger_than_s") == 60);
        CHECK(queue.at("by_age").back().at("younger_than_s").is_null());
    }
    CHECK(open == std::map<std::string, std::int64_t>{{"deliver:archive", 2}, {"deliver:pacs", 2}});
}
