// SPDX-License-Identifier: Apache-2.0
#include "conf/file/described.h"

#include <fstream>
#include <iterator>
#include <set>

#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "conf/file/samples.h"
#include "conf/sections/all.h"

using namespace bucky::conf;

namespace {

std::string kept_in_docs(const std::string& name) {
    std::ifstream in(std::string{BUCKY_SOURCE_DIR} + "/docs/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// The TOML of every example in `markdown`, joined.
std::string examples_of(const std::string& markdown) {
    const std::string fence = "```toml\n";
    std::string all;
    for (auto at = markdown.find(fence); at != std::string::npos; at = markdown.find(fence, at)) {
        at += fence.size();
        all += markdown.substr(at, markdown.find("```", at) - at);
    }
    return all;
}

}  // namespace

TEST_CASE("docs/configuration.md is printed from the rows", "[conf]") {
    INFO("renew it: bucky manual configuration.md >docs/configuration.md");
    CHECK(kept_in_docs("configuration.md") == configuration_markdown());
}

TEST_CASE("every example of the documents is a value that the reader accepts", "[conf]") {
    const std::set<std::string> of_files{"users", "certificate", "key",    "ca",
                                         "crl",   "gate_model",  "models", "tokens"};
    const auto is_of_a_file = [&](const Problem& problem) {
        return of_files.contains(problem.key) ||
               of_files.contains(problem.key.substr(problem.key.rfind('.') + 1));
    };
    try {
        (void)read_settings_text(examples_of(configuration_markdown()), "/nowhere/bucky.toml");
        FAIL("the files of the examples are not there, and nobody minded");
    } catch (const ConfigError& error) {  // the check of this test
        for (const auto& problem : error.problems()) {
            INFO(problem.key << ": " << problem.words);
            // checks across keys also report the missing files
            CHECK((is_of_a_file(problem) || problem.key == "listener.client_certificates" ||
                   problem.key == "model.folder" || problem.key == "tenant.destinations" ||
                   problem.key == "destination.token_file" ||
                   problem.key == "destination.tls_name" || problem.key == "service.listen" ||
                   problem.key.starts_with("alert.") || problem.key == "web.listen" ||
                   problem.key == "web.client_certificates" || problem.key == "service.control" ||
                   problem.key == "service.certificate_header" ||
                   problem.key.starts_with("peer.certificate_")));
        }
    }
}

TEST_CASE("a key with an empty default has an example of a value", "[conf]") {
    std::set<std::string, std::less<>> names;
    for_each_section([&](const auto& section) {
        for (const auto& key : section.keys) {
            names.insert(std::string{section.name} + '.' + std::string{key.name});
        }
    });
    for (const auto& [name, value] : kSamples) {
        INFO(name);
        CHECK(names.contains(name));
    }
    for (const auto& section : described()) {
        for (const auto& key : section.keys) {
            INFO(section.header << ' ' << key.name);
            CHECK_FALSE((key.example == "\"\"" || key.example == "[]"));
        }
    }
}

TEST_CASE("every key is in the manual and in the Markdown, with its default and its sentence",
          "[conf]") {
    const auto manual = manual_page("1.2");
    const auto markdown = configuration_markdown();
    CHECK_THAT(manual, Catch::Contains("bucky 1.2"));
    std::size_t keys = 0;
    for (const auto& section : described()) {
        INFO(section.header);
        CHECK_THAT(manual, Catch::Contains(".SH " + section.header + "\n"));
        CHECK_THAT(markdown, Catch::Contains("\n## " + section.header + "\n"));
        for (const auto& key : section.keys) {
            INFO(key.name);
            CHECK_FALSE(key.value.empty());
            CHECK_FALSE(key.sentence.empty());
            CHECK_THAT(manual, Catch::Contains("\n.B " + in_troff(key.name) + "\n" +
                                               in_troff(key.sentence)));
            CHECK_THAT(markdown, Catch::Contains("| `" + key.name + "` | "));
            ++keys;
        }
    }
    std::size_t rows = 0;
    for_each_section([&](const auto& section) { rows += section.keys.size(); });
    CHECK(keys == rows);
}

TEST_CASE("no text of a row is read as a troff command", "[conf]") {
    CHECK(in_troff(".TH at the start") == "\\&.TH at the start");
    CHECK(in_troff("two\n'lines") == "two\n\\&'lines");
    CHECK(in_troff("C-STORE \\n") == "C\\-STORE \\en");
}
