// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "conf/base/choices.h"
#include "conf/file/read.h"
#include "tests/conf/file/folder.h"

using namespace bucky;
using namespace bucky::conf;
using namespace bucky::test;

namespace {

/// Writes every word of a choice into a file, reads its field, and prints it again.
template <typename Choice, typename Field>
void check_each_word(std::string_view header, std::string_view key, Field field) {
    const Folder folder;
    std::set<std::string_view> words;
    for (const auto& [choice, word] : kSpellings<Choice>) {
        CAPTURE(header, word);
        CHECK(words.insert(word).second);
        CHECK(word_of(choice) == word);
        CHECK(choice_of<Choice>(word) == choice);
        const auto line = fmt::format("{} = \"{}\"\n", key, word);
        std::ofstream(folder.file()) << header << '\n' << line;
        const auto settings = examine_settings(folder.file()).settings;  // other keys are missing
        CHECK(field(settings) == choice);
        CHECK(to_toml(settings).find(line) != std::string::npos);
    }
    CHECK_FALSE(choice_of<Choice>(""));
}

}  // namespace

TEST_CASE("each word of a choice is read as its value, and printed as the same word", "[conf]") {
    check_each_word<Language>("[node]", "language", [](auto& it) { return it.node.language; });
    check_each_word<Language>("[[destination]]", "language",
                              [](auto& it) { return it.destinations.at(0).language; });
    check_each_word<Language>("[[tenant]]", "language",
                              [](auto& it) { return it.tenants.at(0).language; });
    check_each_word<ConflictAnswer>("[scp]", "conflicting",
                                    [](auto& it) { return it.scp.conflicting; });
    check_each_word<ClientCertificates>("[[listener]]", "client_certificates", [](auto& it) {
        return it.listeners.at(0).client_certificates;
    });
    check_each_word<IdentityChanges>("[study]", "identity_changes",
                                     [](auto& it) { return it.study.identity_changes; });
    check_each_word<GateMode>("[inference]", "gate", [](auto& it) { return it.inference.gate; });
    check_each_word<Precision>("[inference]", "precision",
                               [](auto& it) { return it.inference.precision; });
    check_each_word<Precision>("[[model]]", "precision",
                               [](auto& it) { return it.models.at(0).precision; });
    check_each_word<Marking>("[overlay]", "style", [](auto& it) { return it.overlay.style; });
    check_each_word<PictureSyntax>("[[destination]]", "picture_syntax",
                                   [](auto& it) { return it.destinations.at(0).picture_syntax; });
    check_each_word<LogLevel>("[log]", "level", [](auto& it) { return it.log.level; });
    check_each_word<LogFormat>("[log]", "format", [](auto& it) { return it.log.format; });
}

TEST_CASE("an empty word is no choice where the key allows it", "[conf]") {
    const Folder folder;
    std::ofstream(folder.file()) << "[[model]]\nfolder = \"model\"\nprecision = \"\"\n"
                                    "[[destination]]\nlanguage = \"\"\n";
    const auto settings = examine_settings(folder.file()).settings;
    CHECK_FALSE(settings.models.at(0).precision);
    CHECK_FALSE(settings.destinations.at(0).language);
    CHECK(to_toml(settings).find("language = \"\"\n") != std::string::npos);
}

TEST_CASE("a module that writes no event is an error, because its level would say nothing",
          "[conf]") {
    const Folder folder;
    std::ofstream(folder.file()) << "[log]\nmodules = [\"delivery=debug\"]\n";
    const auto problems = examine_settings(folder.file()).problems;
    const auto about = std::find_if(problems.begin(), problems.end(), [](const auto& one) {
        return one.key.find("log.modules") != std::string::npos;
    });
    REQUIRE(about != problems.end());
    CHECK_THAT(about->words, Catch::Contains("delivery=debug"));
}

TEST_CASE("the levels of modules are read and printed in their order", "[conf]") {
    const Folder folder;
    constexpr std::string_view kLine = "modules = [\"deliver=debug\", \"image=error\"]\n";
    std::ofstream(folder.file()) << "[log]\n" << kLine;
    const auto settings = examine_settings(folder.file()).settings;
    REQUIRE(settings.log.modules.size() == 2);
    CHECK(settings.log.modules[0].module == "deliver");
    CHECK(settings.log.modules[1].level == LogLevel::error);
    CHECK(to_toml(settings).find(kLine) != std::string::npos);
}
