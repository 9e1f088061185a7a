// SPDX-License-Identifier: Apache-2.0
// `bucky doctor` beside a running node: the whole way of a test image, and the one thing to do.
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/places.h"
#include "tests/support/running_node.h"
#include "tools/fake_pacs/port.h"

using namespace bucky;
using namespace bucky::test;
using nlohmann::json;

namespace {

Finished doctor(RunningNode& node, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"doctor", "--port", std::to_string(node.dicom_port()), "--wait",
                                   "60"};
    words.insert(words.end(), more.begin(), more.end());
    return node.bucky(words);
}

/// The line of a check: its outcome and words.
json check_of(const json& told, const std::string& name) {
    for (const auto& one : told["checks"]) {
        if (one["check"] == name) return one;
    }
    return {{"outcome", "none"}, {"words", ""}};
}

std::string tag(const std::filesystem::path& file, const std::string& name) {
    return output_of("dcmdump +P " + name + " " + file.string());
}

}  // namespace

TEST_CASE("the doctor sends a test image the whole way, which an archive can tell from a patient",
          "[system][doctor]") {
    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    const auto said = doctor(node);
    INFO(said.output);
    CHECK(said.status == 0);
    CHECK_THAT(said.output, Catch::Contains("All is well.") && Catch::Contains("took 2 objects") &&
                                Catch::Contains("findings by cxr-phantom 1.1.0"));
    const auto stored = pacs.stored();
    REQUIRE(stored.size() == 2);
    for (const auto& file : stored) {
        CHECK_THAT(tag(file, "PatientID"), Catch::Contains("[BUCKY-DOCTOR]"));
        CHECK_THAT(tag(file, "PatientName"), Catch::Contains("[BUCKY^TEST PATIENT]"));
        CHECK_THAT(tag(file, "AccessionNumber"), Catch::Contains("[DOCTOR]"));
    }
    CHECK(doctor(node).status == 0);  // another study
    CHECK(pacs.stored().size() == 4);
    const auto without = doctor(node, {"--no-phantom", "--json"});
    CHECK(json::parse(without.output)["well"] == true);
    CHECK(pacs.stored().size() == 4);
}

TEST_CASE("the doctor says which destination takes no results, and what to do",
          "[system][doctor]") {
    FakePacs good, refusing{{"--behave", "status=a900"}};
    auto away = good.destination(), refuses = refusing.destination();
    away.name = "away";
    away.port = fake::free_port();
    refuses.name = "refuses";
    RunningNode node{{.destinations = {good.destination(), refuses, away}}};
    const auto said = doctor(node, {"--json"});
    INFO(said.output);
    CHECK(said.status == 1);
    const auto told = json::parse(said.output);
    CHECK(told["well"] == false);
    CHECK(check_of(told, "pacs")["outcome"] == "good");
    CHECK(check_of(told, "refuses")["outcome"] == "bad");
    CHECK_THAT(check_of(told, "refuses")["do"].get<std::string>(),
               Catch::Contains("answers C-ECHO with 0x0000 but does not take results"));
    CHECK(check_of(told, "away")["outcome"] == "bad");
    CHECK(told["do"] == check_of(told, "refuses")["do"]);  // the first thing
}

TEST_CASE("the doctor waits until a destination has promised to keep the results",
          "[system][doctor][commitment]") {
    FakePacs pacs;
    auto to = pacs.destination();
    to.more = "commitment = true\n";
    RunningNode node{{.destinations = {to}}};
    const auto said = doctor(node);
    INFO(said.output);
    CHECK(said.status == 0);
    CHECK_THAT(said.output, Catch::Contains("and promised to keep them"));
}

TEST_CASE("the doctor names a caller that the door refuses, and a node that does not run",
          "[system][doctor]") {
    RunningNode node{{.more = "[[peer]]\nae_title = \"XRAY1\"\n"}};
    const auto refused = doctor(node);
    INFO(refused.output);
    CHECK(refused.status == 1);
    CHECK_THAT(refused.output, Catch::Contains("BAD   door") && Catch::Contains("--as AE"));
    CHECK_THAT(doctor(node, {"--as", "XRAY1"}).output, Catch::Contains("good  door"));
    CHECK(node.stop() == 0);
    const auto stopped = doctor(node);
    CHECK(stopped.status == 1);
    CHECK_THAT(stopped.output, Catch::Contains("Do this: start it: systemctl start bucky"));
}
