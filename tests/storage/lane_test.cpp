// SPDX-License-Identifier: Apache-2.0
#include "storage/lane.h"

#include <catch2/catch.hpp>

#include "tests/storage/fault_of.h"

namespace bucky::storage::test {

TEST_CASE("a lane is stored as the text that databases and dashboards know", "[storage]") {
    const std::pair<Lane, std::string> all[] = {
        {Lane::infer(), "infer"},
        {Lane::report(), "report"},
        {Lane::deliver("pacs"), "deliver:pacs"},
        {Lane::commit("pacs"), "commit:pacs"},
        {Lane::deliver("far: away"), "deliver:far: away"},
    };
    for (const auto& [lane, text] : all) {
        INFO(text);
        CHECK(name_of(lane) == text);
        CHECK(lane_named(text) == lane);
    }
}

TEST_CASE("any other text is no lane", "[storage]") {
    for (const auto* text : {"", "inference", "infer:pacs", "report:", "deliver", "commit",
                             "Deliver:pacs", " deliver:pacs", ":pacs"}) {
        INFO(text);
        CHECK(thrown_by([&] { (void)lane_named(text); }) == Fault::corrupt);
    }
}

}  // namespace bucky::storage::test
