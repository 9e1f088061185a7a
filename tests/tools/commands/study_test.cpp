// SPDX-License-Identifier: Apache-2.0
// Studies listed, shown and run again.
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/file/read.h"
#include "conf/observe/metrics.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("a study of which nothing was sent to anybody is not called delivered", "[tools]") {
    Visited visited;
    visited.settings.destinations.at(0).name = "new";
    visited.settings.destinations.resize(1);
    write_file(visited.config(), conf::to_toml(visited.settings));
    for (const auto* gone : {"pacs", "archive"}) {
        visited.ask({"queue", "drop", "--destination", gone});
    }
    const auto list = visited.ask({"study", "list"}).text;
    CHECK_THAT(list, Catch::Contains("not sent") && !Catch::Contains("delivered"));
}

TEST_CASE(
    "studies are listed within 80 columns and found by the end of the UID or the accession "
    "number",
    "[tools]") {
    const Visited visited;
    const auto list = visited.ask({"study", "list"});
    CHECK(list.widest() <= 80);
    CHECK_THAT(list.text, Catch::Contains("2026-11-23 14:30:00") && Catch::Contains("sending") &&
                              Catch::Contains("...1234567890123456789"));
    for (const std::string name :
         {"2.25.123456789012345678901234567890123456789", "890123456789", "A-1"}) {
        const auto shown = visited.ask({"study", "show", name});
        CHECK(shown.widest() <= 80);
        CHECK_THAT(shown.text,
                   Catch::Contains("Study 2.25.123456789012345678901234567890123456789") &&
                       Catch::Contains("accession number A-1") &&
                       Catch::Contains("XRAY1 at 10.0.0.9") && Catch::Contains("cxr-phantom") &&
                       Catch::Contains("overlay") && Catch::Contains("deliver:archive") &&
                       Catch::Contains("image.verdict"));
    }
    CHECK_THROWS_WITH(visited.ask({"study", "show", "99.99"}), Catch::Contains("no study"));
}

TEST_CASE("programs read studies and packages as JSON", "[tools]") {
    const Visited visited;
    const auto listed = nlohmann::json::parse(visited.ask({"study", "list", "--json"}).text);
    REQUIRE(listed.at("studies").size() == 1);
    CHECK(listed["studies"][0].at("state") == "sending");
    CHECK(listed["studies"][0].at("last_image_at") == "2026-11-23T14:30:00.000Z");
    const auto shown = nlohmann::json::parse(visited.ask({"study", "show", "A-1", "--json"}).text);
    const auto& study = shown.at("studies").at(0);
    CHECK(study.at("study") == listed["studies"][0].at("study"));
    CHECK(study.at("image_list").at(0).at("result").at("model").at("name") == "cxr-phantom");
    CHECK(study.at("image_list").at(0).at("calling_ae") == "XRAY1");
    CHECK(study.at("jobs").size() >= 2);
    CHECK(study.at("results").size() >= 1);
    CHECK(study.at("journal").at(0).at("event") == "image.received");
    const auto models = nlohmann::json::parse(visited.ask({"model", "list", "--json"}).text);
    CHECK(models.at("models").at(0).at("name") == "cxr-phantom");
    CHECK(models.at("models").at(0).at("purpose") == "demonstration");
}

TEST_CASE("a study's UID shows every tenant's study of it, and its key shows that tenant's alone",
          "[tools][tenants]") {
    NodeHarness harness;
    phantom::DicomOptions dicom;
    dicom.study_uid = "1.2.77";
    for (const auto* owner : {"", "NORTH", "SOUTH"}) {
        harness.receive({.seed = 3, .dicom = dicom, .owner = owner});
    }
    harness.settings.destinations.clear();
    write_file(harness.dir / "bucky.toml", conf::to_toml(harness.settings));
    const auto ask = [&](const char* command, const char* study) {
        return bucky_command(
            {"study", command, study, "--config", (harness.dir / "bucky.toml").string()});
    };
    CHECK_THAT(ask("show", "1.2.77").text, Catch::Contains("Study 1.2.77\n") &&
                                               Catch::Contains("Study 1.2.77@NORTH\n") &&
                                               Catch::Contains("Study 1.2.77@SOUTH\n"));
    CHECK_THAT(ask("show", "1.2.77@SOUTH").text,
               Catch::StartsWith("Study 1.2.77@SOUTH\n") && !Catch::Contains("NORTH"));
    CHECK_THAT(ask("show", "77@NORTH").text, Catch::StartsWith("Study 1.2.77@NORTH\n"));
    CHECK_THROWS_WITH(ask("show", "1.2.77@EAST"), Catch::Contains("no study is known by"));
    CHECK_THROWS_WITH(
        ask("retry", "1.2.77"),
        "3 studies have the UID 1.2.77; name one: 1.2.77, 1.2.77@NORTH, 1.2.77@SOUTH");
    CHECK_THAT(ask("retry", "1.2.77@NORTH").text, Catch::StartsWith("1 image of 1.2.77@NORTH"));
}

TEST_CASE("a study that is run again has its images looked at again, and the look is counted",
          "[tools]") {
    Visited visited;
    const auto counted = [](const char* name) { return metrics::total(name).value; };
    const auto analysed = counted("bucky_analysed_images_total");
    const auto positive = counted("bucky_positive_images_total");
    CHECK_THAT(visited.ask({"study", "retry", "A-1"}).text, Catch::StartsWith("1 image of 2.25"));
    CHECK(visited.images().at(0).awaiting);
    visited.clock.advance_ms(SystemClock{}.now_ms() - visited.clock.now_ms() +
                             1000);  // the command's
    CHECK(visited.infer_all() == 1);
    CHECK(counted("bucky_analysed_images_total") == analysed + 1);
    CHECK(counted("bucky_positive_images_total") == positive + 1);
}

TEST_CASE("a study may be run again by one model alone, by its name", "[tools]") {
    Visited visited;
    const auto retry = [&](const char* model) {
        return visited.ask({"study", "retry", "A-1", "--model", model}).text;
    };
    CHECK_THROWS_WITH(retry("cxr-other"),
                      Catch::Contains("no model that reports is named cxr-other, but cxr-phantom"));
    CHECK_THAT(retry("cxr-phantom"), Catch::Contains("looked at again, by cxr-phantom alone"));
    visited.clock.advance_ms(SystemClock{}.now_ms() - visited.clock.now_ms() +
                             1000);  // the command's
    CHECK(visited.infer_all() == 1);
    CHECK(visited.images().at(0).verdict != "not_analysed");

    // a model that has gone meanwhile is not silently another
    visited.context().studies.retry(visited.study(), "gone");
    CHECK(visited.infer_all() == 1);
    CHECK(visited.images().at(0).verdict == "not_analysed");
    CHECK_THAT(visited.images().at(0).result_json,
               Catch::Contains("no model gone may look at this image"));
}
