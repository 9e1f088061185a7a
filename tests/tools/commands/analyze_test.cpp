// SPDX-License-Identifier: Apache-2.0
// Models on files of a person: analyze, explain, model check.
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "inference/package/package.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("analyze writes report, picture and findings of each file, and skips what is no DICOM",
          "[tools]") {
    const TempDir dir;
    std::filesystem::create_directories(dir / "in");
    for (const std::uint64_t seed : {1, 2}) {
        const auto drawn = phantom::draw(phantom::random_recipe(seed, 400, 400));
        phantom::write_dicom(drawn, {}, dir / "in" / (std::to_string(seed) + ".dcm"));
    }
    write_file(dir / "in" / "truth.json", "[]");
    const auto out = (dir / "out").string();
    const auto said =
        bucky_command({"analyze", (dir / "in").string(), "--model", phantom_model(), "--out", out});
    CHECK(said.status == 0);
    for (const auto* name : {"1.json", "1.png", "1.overlay.dcm", "2.json"}) {
        CHECK(std::filesystem::exists(dir / "out" / name));
    }
    CHECK_FALSE(std::filesystem::exists(dir / "out" / "truth.json"));
    CHECK_THAT(read_text(dir / "out" / "1.png"), Catch::StartsWith("\x89PNG"));

    const auto hot = (dir / "hot").string();
    CHECK(bucky_command({"analyze", (dir / "in").string(), "--model", phantom_model(), "--out", hot,
                         "--style", "heatmap"})
              .status == 0);
    const auto differs = [&](const char* name) {
        return read_text(dir / "out" / name) != read_text(dir / "hot" / name);
    };
    CHECK((differs("1.png") || differs("2.png")));  // one of the two has a finding

    const auto wrong = bucky_command({"analyze", (dir / "in" / "truth.json").string(), "--model",
                                      phantom_model(), "--out", out});
    CHECK(wrong.status == 1);
}

TEST_CASE("analyze asks all models or the first, and draws one picture of all answers",
          "[tools][several]") {
    const TempDir dir;
    phantom::write_dicom(phantom::draw(phantom::random_recipe(1, 400, 400)), {}, dir / "pa.dcm");
    const auto second = (phantom_model().parent_path() / "cxr-nodule").string();
    const auto analyze = [&](const std::string& answer) {
        const auto out = (dir / answer).string();
        return bucky_command({"analyze", (dir / "pa.dcm").string(), "--model", phantom_model(),
                              "--model", second, "--out", out, "--answer", answer})
            .text;
    };
    CHECK_THAT(analyze("all"), Catch::Contains("findings"));
    CHECK_THAT(analyze("first"), Catch::Contains("findings"));
    CHECK_THAT(read_text(dir / "all" / "pa.json"), Catch::Contains("\"cxr-nodule\""));
    CHECK_THAT(read_text(dir / "first" / "pa.json"), !Catch::Contains("\"cxr-nodule\""));
    CHECK(std::filesystem::exists(dir / "all" / "pa.png"));
}

TEST_CASE("explain says which model takes a file, else which rule says no, and names no patient",
          "[tools]") {
    const TempDir dir;
    const auto drawn = phantom::draw(phantom::random_recipe(1, 400, 400));
    phantom::DicomOptions dicom;
    dicom.patient_name = "Secret^Name";
    dicom.patient_id = "SECRET-ID";
    phantom::write_dicom(drawn, dicom, dir / "pa.dcm");
    dicom.view_position = "LL";
    phantom::write_dicom(drawn, dicom, dir / "lateral.dcm");

    const auto taken =
        bucky_command({"explain", (dir / "pa.dcm").string(), "--model", phantom_model()});
    CHECK_THAT(taken.text, Catch::Contains("\nview: window 2048/4096 from the header\n") &&
                               Catch::Contains("\npicture: fills ") &&
                               Catch::Contains("cxr-phantom 1.1.0: takes it") &&
                               !Catch::Contains("Secret", Catch::CaseSensitive::No));
    const auto not_taken =
        bucky_command({"explain", (dir / "lateral.dcm").string(), "--model", phantom_model()});
    CHECK_THAT(not_taken.text, Catch::Contains("no (view.not_taken): view position LL") &&
                                   Catch::Contains("no (orientation.not_frontal)"));  // all of them
}

TEST_CASE("explain says which view is used instead of one that shows nothing", "[tools]") {
    const TempDir dir;
    const auto drawn = phantom::draw(phantom::random_recipe(1, 400, 400));
    phantom::DicomOptions dicom;
    dicom.window = phantom::Window{32768, 65536};
    phantom::write_dicom(drawn, dicom, dir / "pa.dcm");
    const auto said =
        bucky_command({"explain", (dir / "pa.dcm").string(), "--model", phantom_model()});
    CHECK_THAT(said.text, Catch::Contains(" over percentiles 0.5 to 99.5\n") &&
                              Catch::Contains("\nview: not the header's first: the window "
                                              "32768/65536 from the header leaves 99 % of"));
}

TEST_CASE(
    "explain --called asks the models of that tenant, at its thresholds, and knows no stranger",
    "[tools][tenants]") {
    const TempDir dir;
    phantom::write_dicom(phantom::draw(phantom::random_recipe(1, 400, 400)), {}, dir / "pa.dcm");
    const auto copy = (dir / "second").string();
    std::filesystem::copy(phantom_model(), copy);
    const auto manifest = read_text(dir / "second" / "model.toml");
    const std::string name = "name = \"cxr-phantom\"";
    auto renamed = manifest;
    renamed.replace(renamed.find(name), name.size(), "name = \"cxr-second\"");
    write_file(dir / "second" / "model.toml", renamed);
    const auto sha256 = inference::read_package(copy).identity.sha256;
    write_file(dir / "bucky.toml",
               "[node]\nno_destination_ok = true\n[inference]\nmodels = [\"" +
                   phantom_model().string() + "\", \"" + copy +
                   "\"]\n"
                   "[[destination]]\nname = \"north-pacs\"\nae_title = \"N\"\nhost = \"h\"\n"
                   "[[destination]]\nname = \"archive\"\nae_title = \"A\"\nhost = \"h\"\n"
                   "[[tenant]]\nae_title = \"NORTH\"\nmodels = [\"" +
                   copy +
                   "\"]\ndestinations = [\"north-pacs\", \"archive\"]\n"
                   "[[tenant]]\nae_title = \"SOUTH\"\ndestinations = [\"archive\"]\n"
                   "[[threshold]]\ntenant = \"NORTH\"\ndestination = \"archive\"\n"
                   "model = \"cxr-second\"\nversion = \"1.1.0\"\nsha256 = \"" +
                   sha256 + "\"\nfinding = \"nodule\"\nvalue = 0.83\n");
    const auto explain = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"explain", (dir / "pa.dcm").string(), "--config",
                                   (dir / "bucky.toml").string()});
        return bucky_command(std::move(more)).text;
    };
    const auto north = explain({"--called", "NORTH"});
    CHECK_THAT(north, Catch::Contains("As an image of NORTH:\ncxr-second 1.1.0: takes it\n") &&
                          !Catch::Contains("cxr-phantom") &&
                          Catch::Contains("nodule                north-pacs: present from ") &&
                          Catch::Contains("nodule                archive: present from 0.83 (the "
                                          "package says ") &&
                          Catch::Contains("pneumothorax          present from "));
    CHECK_THAT(explain({"--called", "SOUTH"}),
               Catch::Contains("As an image of SOUTH:\ncxr-phantom 1.1.0: takes it\n") &&
                   Catch::Contains("cxr-second 1.1.0: would take it too, but has the weights of "
                                   "cxr-phantom\n") &&
                   !Catch::Contains("0.83"));
    CHECK_THAT(explain({}), Catch::Contains("\ncxr-phantom 1.1.0: takes it\n") &&
                                !Catch::Contains("As an image of"));
    write_file(dir / "bucky.toml", [text = read_text(dir / "bucky.toml")]() mutable {
        return text.insert(text.find("models = "), "answer = \"first\"\n");
    }());
    CHECK_THAT(explain({}), Catch::Contains("\ncxr-phantom 1.1.0: takes it\n") &&
                                Catch::Contains("\ncxr-second 1.1.0: would take it too, but comes "
                                                "later\n"));
    CHECK_THROWS_WITH(explain({"--called", "EAST"}),
                      "nobody is called EAST here; there is BUCKY, NORTH, SOUTH");
}

TEST_CASE("model check loads a package, model list reads those of the config", "[tools]") {
    const Visited visited;
    CHECK_THAT(bucky_command({"model", "check", phantom_model(), "--device", "cpu"}).text,
               Catch::Contains("The package is sound") && Catch::Contains("nodule"));
    CHECK_THAT(visited.ask({"model", "list"}).text, Catch::Contains("cxr-phantom 1.1.0"));
    const TempDir empty;
    CHECK_THROWS_AS(bucky_command({"model", "check", empty.path().string()}), Error);
    std::filesystem::copy(phantom_model(), empty / "bad");
    write_file(empty / "bad" / "weights.ts", "these are no weights");
    CHECK(bucky_command({"model", "check", (empty / "bad").string()}).status == 1);
}
