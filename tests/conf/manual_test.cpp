// SPDX-License-Identifier: Apache-2.0
#include "conf/described.h"

#include <catch2/catch.hpp>

#include "conf/keys.h"

using namespace bucky::conf;

TEST_CASE("every key stands in the manual and in the Markdown, with its default and its sentence",
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

TEST_CASE("no text of a row is taken for troff", "[conf]") {
    CHECK(in_troff(".TH at the start") == "\\&.TH at the start");
    CHECK(in_troff("two\n'lines") == "two\n\\&'lines");
    CHECK(in_troff("C-STORE \\n") == "C\\-STORE \\en");
}
