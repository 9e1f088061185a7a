// SPDX-License-Identifier: Apache-2.0
// What is printed from the rows of the config: the example file, config show, differences.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "conf/sections/all.h"
#include "tests/conf/file/folder.h"

using namespace bucky;
using namespace bucky::conf;
using namespace bucky::test;

TEST_CASE("conf/bucky.toml is printed from the rows", "[conf]") {
    std::ifstream in(fs::path{BUCKY_SOURCE_DIR} / "conf" / "bucky.toml", std::ios::binary);
    const std::string kept{std::istreambuf_iterator<char>{in}, {}};
    CHECK(kept == example_config());
}

TEST_CASE("the example can be read, and also with every default uncommented", "[conf]") {
    const Folder folder;
    auto text = example_config();
    const std::string sample = "/usr/share/bucky/models/cxr-phantom";
    for (auto at = text.find(sample); at != std::string::npos; at = text.find(sample)) {
        text.replace(at, sample.size(), "model");
    }
    CHECK(read_settings_text(text, folder.file()).destinations.size() == 1);

    std::string live;  // "#key = value" is a default; "# words" is a sentence
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        const bool is_default = text[at] == '#' && text[at + 1] != ' ';
        live += text.substr(at + (is_default ? 1 : 0), end - at + 1);
        at = end + 1;
    }
    CHECK(live.size() < text.size());
    CHECK(to_toml(read_settings_text(live, folder.file())) == to_toml([&] {
              auto settings = read_settings_text(text, folder.file());
              settings.peers.emplace_back();
              settings.listeners.emplace_back();  // [[peer]] and [[model]] are uncommented
              settings.models.emplace_back().folder = folder.path() / "model";
              settings.thresholds.push_back({.destination = "",
                                             .model = "cxr-phantom",
                                             .version = "1.1.0",
                                             .sha256 = std::string(64, '0'),
                                             .finding = "nodule",
                                             .value = 0.5});  // and [[threshold]]
              settings.precedences.push_back({"nodule", "cxr-nodule", "", 1});
              settings.aliases.push_back({ExamAttribute::body_part, "TX DE FACE", "CHEST PA"});
              settings.tenants.emplace_back().ae_title = AeTitle{"CLINIC_NORTH"};
              auto& archive = settings.archives.emplace_back();
              archive.name = "pacs";
              archive.ae_title = AeTitle{"ORTHANC"};
              archive.host = "127.0.0.1";
              archive.port = 4242;
              auto& alert = settings.alerts.emplace_back();
              alert.name = "pacs-team";
              alert.smtp = "smtp://mail.hospital.example:587";
              alert.from = "bucky@hospital.example";
              alert.to = {"pacs@hospital.example"};
              return settings;
          }()));
}

TEST_CASE("the output of config show is read back to the same settings", "[conf]") {
    const Folder folder;
    const auto once =
        read_settings_text(std::string{kSmallest} +
                               "[[peer]]\nae_title = \"CT \\\"1\\\"\"\n[log]\nlevel = \"error\"\n",
                           folder.file());
    const auto shown = to_toml(once);
    CHECK(to_toml(read_settings_text(shown, folder.file())) == shown);
    CHECK_THAT(shown, Catch::Contains("level = \"error\""));
}

TEST_CASE("config show states the line of each setting, or that it is the default", "[conf]") {
    const Folder folder;
    Lines lines;
    const auto settings = read_settings_text(
        std::string{kSmallest} + "port = 105\n[scp]\nartim_s = 9\n", folder.file(), &lines);
    CHECK(lines.at("scp.artim_s") == 10);
    CHECK(lines.at("destination.pacs.port") == 8);
    CHECK_FALSE(lines.contains("scp.port"));
    const auto shown = to_toml(settings, &lines, "bucky.toml");
    CHECK_THAT(shown, Catch::Contains("artim_s = 9  # bucky.toml:10\n") &&
                          Catch::Contains("port = 105  # bucky.toml:8\n") &&
                          Catch::Contains("port = 11112  # default\n"));
    CHECK(to_toml(read_settings_text(shown, folder.file())) == to_toml(settings));
}

TEST_CASE("two sets of settings differ by key, and by added or removed sections", "[conf]") {
    Settings was, is;
    was.destinations.emplace_back().name = "old";
    was.destinations.back().ae_title = AeTitle{"A"};
    is.scp.artim_s = 9;
    is.destinations.emplace_back().name = "new";
    is.destinations.back().ae_title = AeTitle{"B"};
    const auto lines = differences(spelled_out(was), spelled_out(is));
    const auto has = [&](const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    };
    CHECK(has("scp.artim_s: 30 -> 9"));
    CHECK(has("- destination.old.ae_title: \"A\""));
    CHECK(has("+ destination.new.ae_title: \"B\""));
    CHECK(differences(spelled_out(is), spelled_out(is)).empty());
}

TEST_CASE("every key has a sentence, every number a range and a unit that holds its default",
          "[conf]") {
    for_each_section([]<typename Group>(const Section<Group>& section) {
        INFO(section.name);
        CHECK(section.sentence.ends_with('.'));
        CHECK_FALSE(section.keys.empty());
        for (const auto& key : section.keys) {
            INFO(key.name);
            CHECK(key.sentence.ends_with('.'));
            const auto* number = std::get_if<std::int64_t Group::*>(&key.member);
            if (key.name != "port") CHECK((number != nullptr) == !key.unit.empty());
            if (number == nullptr) continue;
            REQUIRE(std::holds_alternative<Range>(key.allowed));
            const auto range = std::get<Range>(key.allowed);
            const auto by_default = Group{}.**number;
            CHECK(range.least <= by_default);
            CHECK(by_default <= range.most);
        }
    });
}
