// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/unowned_lanes.h"

#include <catch2/catch.hpp>

#include "conf/base/clock.h"
#include "storage/journal.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/admin/health.h"

using namespace bucky;
using namespace bucky::test;
using bucky::storage::Lane;

namespace {

/// A data folder whose results wait for "pacs" and "archive".
class Waiting : public NodeHarness {
public:
    Waiting() {
        receive({.seed = 3, .lesions = {phantom::Finding::pneumonia}});
        hang_up();
        infer_all();
        report_all();
    }
    std::vector<Trouble> troubles() { return look(settings, clock, context().db).troubles; }
};

}  // namespace

TEST_CASE("a lane is owned by the destination that the config names", "[tools]") {
    conf::Settings settings;
    settings.destinations.emplace_back().name = "pacs";
    settings.destinations.emplace_back().name = "archive";
    settings.destinations.back().commitment = true;
    for (const auto& owned : {Lane::infer(), Lane::report(), Lane::deliver("pacs"),
                              Lane::deliver("archive"), Lane::commit("archive")}) {
        INFO(name_of(owned));
        CHECK(is_owned(settings, owned));
    }
    for (const auto& unowned : {Lane::commit("pacs"), Lane::deliver("old"), Lane::commit("old")}) {
        INFO(name_of(unowned));
        CHECK_FALSE(is_owned(settings, unowned));
    }
}

TEST_CASE("a destination that was renamed or taken out leaves a lane that is told of", "[tools]") {
    Waiting node;
    CHECK(node.troubles().empty());
    for (auto& one : node.settings.destinations) {
        if (one.name == "pacs") one.name = "new-pacs";
    }
    const auto health = look(node.settings, node.clock, node.context().db);
    CHECK(health.unowned == std::vector{Lane::deliver("pacs")});
    REQUIRE(health.troubles.size() == 1);
    CHECK(health.troubles[0].concern == Concern::unowned);
    CHECK_THAT(sentence(health.troubles[0]),
               Catch::StartsWith(name_of(Lane::deliver("pacs")) + ": 2 results wait") &&
                   Catch::Contains("bucky queue move --destination pacs --to NAME") &&
                   Catch::Contains("bucky queue drop --destination pacs"));
    CHECK(unowned_troubles(node.settings) == sentences(health.troubles));
}

TEST_CASE("a folder without a database has no lanes", "[tools]") {
    const TempDir dir;
    conf::Settings settings;
    settings.node.data_dir = dir / "not there yet";
    CHECK(unowned_troubles(settings).empty());
}
