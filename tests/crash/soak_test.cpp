// SPDX-License-Identifier: Apache-2.0
// Random walks: kills, stops, commands, other programs in the database, destinations that go and
// come, a clock that steps, while four senders send without a pause (walk.h, world.h).
//
//   BUCKY_SEED=4711           the walk of this seed, instead of one of its own choosing
//   BUCKY_WALK="4711 | ..."   this list of events; what a failing test prints can be pasted
//   BUCKY_KILLS=N             how long it is: 20, and 200 with BUCKY_LONG=1
//   BUCKY_CLOCK=0             without steps of the clock
//   BUCKY_SHORTEN_S=N         how long a failing list is shortened: 240; 0: not at all
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/crash/world.h"

using namespace bucky::test;

namespace {

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

/// Every fault that a walk has found, as a list that showed it.
struct Found {
    const char* what;
    const char* walk;
};

constexpr Found kFound[] = {
    {"`bucky queue retry` unlinked the log of the database beside the node, which committed on "
     "into a file without a name: images answered with success were gone after a death",
     "1 | 300:queue-retry 500:kill"},
    {"another program that read the database did the same", "1 | 300:sqlite-select 500:kill"},
    {"a node that died after its clock had been set back took what came meanwhile for forty days "
     "old once the clock was right again, and deleted it",
     "1 | 300:clock=-3456000 900:kill 900:clock=-2 300:kill 900:kill"},
    {"what a clock dated that was ahead by less than the longest wait of the config waited that "
     "much longer once the clock was right: studies unreported, images unanalysed for minutes",
     "1 | 300:clock=90 200:clock=90 200:clock=90 900:kill 900:clock=-2 200:clock=-2"},
};

std::string joined(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines) all += "\n  " + line;
    return all;
}

Outcome walked(const Walk& walk) {
    World world{walk};
    auto outcome = world.run();
    std::cout << fmt::format(
                     "{} seed {}: {} events, {} kills, {} images, {} sent again, {} objects at "
                     "destinations, {} s ({}){}",
                     outcome.complaints.empty() ? "passed" : "FAILED", walk.seed,
                     walk.events.size(), outcome.kills, outcome.images, outcome.sent_again,
                     outcome.told, outcome.took.count(), outcome.times, joined(outcome.complaints))
              << std::endl;
    return outcome;
}

/// Runs a walk; a list that fails is shortened and printed.
void walk_or_shorten(const Walk& walk) {
    const auto text = to_text(walk);
    std::cout << "walk " << text << std::endl;
    const auto outcome = walked(walk);
    CHECK(outcome.kills == kills_in(walk.events));
    if (outcome.complaints.empty()) return;
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds{number_in("BUCKY_SHORTEN_S", 240)};
    const auto events = shorten(
        walk.events,
        [&](const auto& fewer) {
            return !walked({walk.seed, fewer}).complaints.empty();
        },
        until);
    INFO("BUCKY_WALK=\"" << text << "\"\nshortened:\nBUCKY_WALK=\"" << to_text({walk.seed, events})
                         << "\"");
    INFO("warnings and errors, the last of them:" << joined(outcome.log));
    FAIL(joined(outcome.complaints));
}

Walk asked_for() {
    if (const char* text = std::getenv("BUCKY_WALK")) {
        auto walk = read_walk(text);
        REQUIRE(walk);
        return *walk;
    }
    const bool is_long = std::getenv("BUCKY_LONG") != nullptr;
    const auto seed = number_in("BUCKY_SEED", std::random_device{}());
    return random_walk(seed, {.kills = number_in("BUCKY_KILLS", is_long ? 200 : 20),
                              .clock_steps = number_in("BUCKY_CLOCK", 1) != 0});
}

}  // namespace

TEST_CASE("whatever comes at random, again and again, the node loses nothing and tells it once",
          "[crash][soak]") {
    walk_or_shorten(asked_for());
}

TEST_CASE("walks that once showed a fault show none", "[crash][found]") {
    for (const auto& [what, text] : kFound) {
        INFO(what << "\nBUCKY_WALK=\"" << text << '"');
        const auto walk = read_walk(text);
        REQUIRE(walk);
        const auto outcome = walked(*walk);
        INFO("warnings and errors, the last of them:" << joined(outcome.log));
        CHECK(joined(outcome.complaints) == "");
    }
}
