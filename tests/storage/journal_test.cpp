// SPDX-License-Identifier: Apache-2.0
#include <regex>
#include <string>

#include <catch2/catch.hpp>

#include "storage/statements.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {

TEST_CASE("the journal lists the events of one study in order", "[storage]") {
    DataFolder node;
    node.journal.write("1.1", "pacs", JournalEvent::result_sent, "0000");
    node.clock.advance_ms(5);
    node.journal.write("1.2", "pacs", JournalEvent::result_sent, "0000");
    node.journal.write("1.1", "backup", JournalEvent::result_refused, "A700: out of resources");
    const auto story = node.journal.of_study("1.1");
    REQUIRE(story.size() == 2);
    CHECK(story[0].event == "result.sent");
    CHECK(story[0].at_ms == kStartMs);
    CHECK(story[1].subject == "backup");
    CHECK(story[1].words == "A700: out of resources");
    CHECK(story[1].at_ms == kStartMs + 5);
    CHECK(node.journal.of_study("1.3").empty());
}

TEST_CASE("an entry belongs to the transaction in which it is written", "[storage]") {
    DataFolder node;
    {
        Database::Transaction transaction{node.db};
        node.journal.write("1.1", "", JournalEvent::study_retry, "");
        node.journal.write_repeated("1.1", "", JournalEvent::image_again, "");
    }
    CHECK(node.journal.of_study("1.1").empty());
}

TEST_CASE("an event that can be repeated without end is one entry with a count", "[storage]") {
    DataFolder node;
    for (int at = 0; at < 100; ++at) {
        node.clock.advance_ms(1);
        node.journal.write_repeated("1.1", "1.1.1", JournalEvent::image_again, "from XRAY1");
    }
    node.journal.write_repeated("1.1", "1.1.1", JournalEvent::image_again, "from XRAY2");
    const auto story = node.journal.of_study("1.1");
    REQUIRE(story.size() == 2);
    CHECK(story[0].times == 100);
    CHECK(story[0].at_ms == kStartMs + 100);
    CHECK(story[1].times == 1);
}

TEST_CASE("the events that statements look for are ones that the journal writes", "[storage]") {
    static const std::regex kEvent{R"('((image|report|result|commitment|study)\.\w+)')"};
    std::size_t seen = 0;
    for (const auto& statements : {job_statements(), retention_statements()}) {
        for (const auto& sql : statements) {
            const std::string text{sql.text};
            for (std::sregex_iterator at(text.begin(), text.end(), kEvent), end; at != end; ++at) {
                INFO(sql.name << " names " << at->str(1));
                CHECK(choice_of<JournalEvent>(at->str(1)).has_value());
                ++seen;
            }
        }
    }
    CHECK(seen >= 3);
}

}  // namespace bucky::storage::test
