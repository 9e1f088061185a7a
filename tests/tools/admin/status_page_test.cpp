// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/status_page.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bucky;

namespace {

nlohmann::json told(const StatusLook& look) {
    return nlohmann::json::parse(to_json(look));
}

std::string state_with(std::int64_t ready, std::int64_t running, std::int64_t parked,
                       const std::string& last_error) {
    StatusLook look;
    look.destinations.resize(1);
    look.destinations[0].name = "pacs";
    look.health.lanes = {
        {storage::Lane::deliver("pacs"), ready, running, parked, 0, 0, last_error}};
    return told(look)["destinations"][0]["state"];
}

}  // namespace

TEST_CASE("a destination's state follows from its lane", "[tools]") {
    CHECK(state_with(0, 0, 0, "") == "idle");
    CHECK(state_with(2, 0, 0, "") == "sends");
    CHECK(state_with(0, 1, 0, "") == "sends");
    CHECK(state_with(1, 0, 0, "refused") == "tries again");
    CHECK(state_with(0, 0, 1, "A900") == "parked");
}

TEST_CASE("a destination that was never sent to is idle on the page", "[tools]") {
    StatusLook look;
    look.destinations.resize(1);
    look.destinations[0].name = "new";
    CHECK(told(look)["destinations"][0]["state"] == "idle");
}

TEST_CASE("bytes that are no UTF-8 cost the page a letter, not an answer", "[tools]") {
    StatusLook look;
    look.studies.resize(1);
    look.studies[0].accession_number = "A\xff\xfe<b>";
    look.health.troubles = {{Concern::database, {}, "\xc3"}};
    CHECK(told(look)["studies"][0]["accession_number"] == "A\xEF\xBF\xBD\xEF\xBF\xBD<b>");
}

TEST_CASE("a study's verdict has a time only when all its images have theirs", "[tools]") {
    StatusLook look;
    look.studies.resize(2);
    look.studies[0].verdict_at_ms = look.studies[1].verdict_at_ms = 5;
    look.studies[1].pending = 1;
    CHECK(told(look)["studies"][0]["verdict_ms"] == 5);
    CHECK(told(look)["studies"][1]["verdict_ms"] == 0);
}
