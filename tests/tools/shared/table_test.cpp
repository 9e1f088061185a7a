// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/table.h"

#include <catch2/catch.hpp>

using namespace bucky;

TEST_CASE("a table is as wide as its widest cells, numbers to the right", "[tools]") {
    Table table{{{"QUEUE"}, {"READY", Align::right}, {"WHY"}}};
    table.row({"deliver-pacs", "7", ""});
    table.row({"infer", "1200", "busy"});
    CHECK(table.text() ==
          "QUEUE         READY  WHY\n"
          "deliver-pacs      7\n"
          "infer          1200  busy\n");
}

TEST_CASE("ages and sizes are said the way a person reads them", "[tools]") {
    CHECK(age(-5) == "0 s");
    CHECK(age(119'999) == "119 s");
    CHECK(age(120'000) == "2 min");
    CHECK(age(3 * 3'600'000) == "3 h");
    CHECK(age(3 * 86'400'000LL) == "3 d");
    CHECK(size(999) == "999 B");
    CHECK(size(10'485'760) == "10.5 MB");
    CHECK(size(2'000'000'000'000) == "2.0 TB");
}

TEST_CASE("times are UTC, and no time is a dash", "[tools]") {
    CHECK(utc_second(1'795'444'200'123) == "2026-11-23 14:30:00");
    CHECK(utc_time(1'795'444'200'123) == "14:30:00.123");
    CHECK(utc_second(0) == "-");
}

TEST_CASE("what a peer says cannot steer the terminal", "[tools]") {
    CHECK(printable("no\x1b[2J space\n") == "no?[2J space?");
    CHECK(printable("폐결절") == "폐결절");
}

TEST_CASE("a long UID keeps its end, a short one stays", "[tools]") {
    CHECK(short_uid("1.2.3") == "1.2.3");
    CHECK(short_uid("2.25.123456789012345678901234567890", 10) == "...4567890");
}
