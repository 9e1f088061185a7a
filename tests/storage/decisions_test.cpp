// SPDX-License-Identifier: Apache-2.0
// The record of each decision: chained, told when it was tampered with, kept for a time of its own.
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "storage/backup.h"
#include "storage/decisions.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

using Words = std::vector<std::string>;

/// A data folder with decisions on images of two owners.
class Chained : public DataFolder {
public:
    explicit Chained(int records) {
        for (int number = 1; number <= records; ++number) {
            for (const auto* owner : {"", "NORTH"}) add(owner, number);
            clock.advance_ms(1000);
        }
    }

    DecisionMark add(std::string_view owner, int number) {
        Database::Transaction transaction{db};
        const auto mark = decisions.add(owner, R"({"of":)" + std::to_string(number) + "}");
        transaction.commit();
        return mark;
    }
    void tamper(const char* sql) { db.prepare({"test.tamper", sql}).run(); }
    Words wrong(std::string_view owner = "NORTH") { return decisions.verify(owner).wrong; }
    std::vector<Decision> records(std::string_view owner = "NORTH") {
        std::vector<Decision> found;
        decisions.each(owner, std::numeric_limits<std::int64_t>::min(),
                       [&](const Decision& one) { found.push_back(one); });
        return found;
    }

    Decisions decisions{db, clock};
};

}  // namespace

TEST_CASE("each verdict has a record that builds on the one before, in a chain for each owner",
          "[storage][decisions]") {
    DataFolder node;
    Decisions decisions{node.db, node.clock};
    node.send({.sop_instance = "1.2.1.1"});
    node.send({.sop_instance = "1.2.1.2", .owner = "NORTH"});
    node.send({.sop_instance = "1.2.1.3"});
    while (node.give_verdict()) node.clock.advance_ms(10);

    CHECK(decisions.owners() == Words{"", "NORTH"});
    const auto checked = decisions.verify("");
    CHECK(checked.wrong.empty());
    CHECK(checked.records == 2);
    CHECK(checked.first.number == 1);
    CHECK(checked.last.number == 2);
    CHECK(decisions.verify("NORTH").records == 1);
    std::vector<Decision> records;
    decisions.each("", 0, [&](const Decision& one) { records.push_back(one); });
    REQUIRE(records.size() == 2);
    CHECK(records[0].before == std::string(64, '0'));
    CHECK(records[1].before == records[0].sha256);
    CHECK(records[1].sha256 == hash_of("", records[1]));
    CHECK(records[1].at_ms == kStartMs + 20);
}

TEST_CASE("neither verdict nor record is stored without the other", "[storage][decisions]") {
    DataFolder node;
    Decisions decisions{node.db, node.clock};
    node.send({.sop_instance = "1.2.1.1"});
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK_THROWS(node.studies.record_verdict(*job, "perhaps", "{}", "{}"));  // the schema's words
    CHECK(decisions.owners().empty());
    CHECK(node.studies.instance(1).value().verdict.empty());

    const auto mark = node.studies.record_verdict(*job, "findings", "{}", R"({"a":1})");
    REQUIRE(mark);
    CHECK(mark->number == 1);
    CHECK(decisions.verify("", mark->sha256).holds_wanted);
    CHECK_FALSE(node.studies.record_verdict(*job, "findings", "{}", "{}"));  // its lease is lost
    CHECK(decisions.verify("").records == 1);
}

TEST_CASE("a record that was changed, removed, inserted or cut off is named by its number",
          "[storage][decisions]") {
    Chained node{6};
    CHECK(node.wrong().empty());
    SECTION("changed text") {
        node.tamper("UPDATE decision SET record = '{}' WHERE owner = 'NORTH' AND number = 3");
        CHECK(node.wrong() == Words{"record 3 was changed: it has another hash"});
    }
    SECTION("changed time") {
        node.tamper("UPDATE decision SET at_ms = 7 WHERE owner = 'NORTH' AND number = 6");
        CHECK(node.wrong() == Words{"record 6 was changed: it has another hash"});
    }
    SECTION("changed, with a hash that fits") {
        auto record = node.records().at(2);
        record.record = R"({"of":9})";
        const auto sql = "UPDATE decision SET record = '{\"of\":9}', sha256 = '" +
                         hash_of("NORTH", record) + "' WHERE owner = 'NORTH' AND number = 3";
        node.tamper(sql.c_str());
        CHECK(node.wrong() == Words{"record 3 was changed: record 4 builds on another"});
    }
    SECTION("the last, with a hash that fits") {
        auto record = node.records().back();
        record.record = "{}";
        const auto sql = "UPDATE decision SET record = '{}', sha256 = '" +
                         hash_of("NORTH", record) + "' WHERE owner = 'NORTH' AND number = 6";
        node.tamper(sql.c_str());
        CHECK(node.wrong() == Words{"record 6 was changed: the chain ended with another hash"});
    }
    SECTION("removed") {
        node.tamper("DELETE FROM decision WHERE owner = 'NORTH' AND number IN (3, 4)");
        CHECK(node.wrong() == Words{"records 3 to 4 are missing"});
    }
    SECTION("cut off at the end, also when others follow") {
        node.tamper("DELETE FROM decision WHERE owner = 'NORTH' AND number = 6");
        CHECK(node.wrong() == Words{"record 6 is missing"});
        CHECK(node.add("NORTH", 7).number == 7);
        CHECK(node.wrong() == Words{"record 6 is missing"});
    }
    SECTION("cut off at the beginning") {
        node.tamper("DELETE FROM decision WHERE owner = 'NORTH' AND number = 1");
        CHECK(node.wrong() == Words{"record 1 is missing"});
    }
    SECTION("all of them") {
        node.tamper("DELETE FROM decision WHERE owner = 'NORTH'");
        CHECK(node.wrong() == Words{"records 1 to 6 are missing"});
    }
    SECTION("the note of where the chain ends") {
        node.tamper("DELETE FROM decision_chain WHERE owner = 'NORTH'");
        CHECK(node.wrong() == Words{"where the chain begins and ends was removed"});
        CHECK(node.add("NORTH", 7).number == 7);  // no image waits for it
    }
    SECTION("moved to another owner") {
        node.tamper("DELETE FROM decision WHERE owner = '' AND number = 2");
        node.tamper("UPDATE decision SET owner = '' WHERE owner = 'NORTH' AND number = 2");
        CHECK(node.wrong() == Words{"record 2 is missing"});
        CHECK(node.wrong("").front() == "record 1 was changed: record 2 builds on another");
    }
    SECTION("a whole new chain is known by a hash that was noted before") {
        const auto noted = node.records().at(3).sha256;
        CHECK(node.decisions.verify("NORTH", noted).holds_wanted);
        node.tamper("DELETE FROM decision WHERE owner = 'NORTH'");
        node.tamper("DELETE FROM decision_chain WHERE owner = 'NORTH'");
        for (int number = 11; number < 17; ++number) node.add("NORTH", number);
        const auto checked = node.decisions.verify("NORTH", noted);
        CHECK(checked.wrong.empty());
        CHECK_FALSE(checked.holds_wanted);
    }
}

TEST_CASE("old records leave a few at a time, and what is left is still a chain",
          "[storage][decisions]") {
    Chained node{5};
    const auto second_ms = kStartMs + 1000;
    CHECK(node.decisions.forget(second_ms, 100) == 2);  // one of each owner
    CHECK(node.records().front().number == 2);
    CHECK(node.wrong().empty());
    CHECK(node.decisions.forget(second_ms, 100) == 0);

    CHECK(node.decisions.forget(node.clock.now_ms(), 3) == 6);
    CHECK(node.records().front().number == 5);
    CHECK(node.wrong().empty());
    CHECK(node.decisions.forget(node.clock.now_ms(), 3) == 2);
    CHECK(node.records().empty());
    CHECK(node.wrong().empty());

    const auto next = node.add("NORTH", 6);
    CHECK(next.number == 6);  // numbers are not given twice
    CHECK(node.wrong().empty());
    node.tamper("DELETE FROM decision WHERE owner = 'NORTH'");
    CHECK(node.wrong() == Words{"record 6 is missing"});
}

TEST_CASE("a decision stays when image and study have left, for a time of its own",
          "[storage][decisions][retention]") {
    DataFolder node;
    Decisions decisions{node.db, node.clock};
    node.send({.sop_instance = "1.2.1.1"});
    node.finish_all();
    Retention retention{node.db,
                        node.dir.path(),
                        node.clock,
                        {.keep_ms = kDayMs, .journal_ms = kDayMs, .decisions_ms = 9 * kDayMs}};
    node.clock.advance_ms(3 * kDayMs);
    CHECK(retention.sweep(10).studies == 1);
    node.clock.advance_ms(2 * kDayMs);
    retention.sweep(10);
    CHECK(node.events().empty());  // its journal, too
    CHECK(decisions.verify("").records == 1);
    CHECK(decisions.verify("").wrong.empty());
    node.clock.advance_ms(5 * kDayMs);
    retention.sweep(10);
    CHECK(decisions.verify("").records == 0);

    Chained other{2};
    Retention for_ever{other.db, other.dir.path(), other.clock, {.decisions_ms = 0}};
    other.clock.advance_ms(40'000 * kDayMs);
    for_ever.sweep(10);
    CHECK(other.decisions.verify("NORTH").records == 2);
}

TEST_CASE("a backup carries the decisions, and a node that starts from it goes on with the chain",
          "[storage][decisions][backup]") {
    Chained node{3};
    const auto last = node.records().back().sha256;
    const bucky::test::TempDir dir;
    back_up(node.dir.path(), dir / "backup");
    node.add("NORTH", 4);
    Database restored{dir / "backup" / "bucky.db"};
    Decisions decisions{restored, node.clock};
    CHECK(decisions.verify("NORTH", last).holds_wanted);
    CHECK(decisions.verify("NORTH").records == 3);
    Database::Transaction transaction{restored};
    CHECK(decisions.add("NORTH", "{}").number == 4);
    transaction.commit();
    CHECK(decisions.verify("NORTH").wrong.empty());
}

}  // namespace bucky::storage::test
