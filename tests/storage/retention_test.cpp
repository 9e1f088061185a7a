// SPDX-License-Identifier: Apache-2.0
#include "storage/retention.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

Retention::Swept sweep(DataFolder& node, const KeepRules& rules, int at_most = 100) {
    return Retention(node.db, node.dir.path(), node.clock, rules).sweep(at_most);
}

std::int64_t rows(DataFolder& node) {
    return node.count({"test.rows", R"sql(
        SELECT (SELECT count(*) FROM study) + (SELECT count(*) FROM instance)
             + (SELECT count(*) FROM result) + (SELECT count(*) FROM job)
             + (SELECT count(*) FROM taken_back))sql"});
}

void send_study(DataFolder& node, const std::string& study, const std::string& bytes = "pixels") {
    node.send({.sop_instance = study + ".1", .bytes = bytes, .study = study});
}

}  // namespace

TEST_CASE("delivered results are removed after their days, file and row, and the journal says why",
          "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    node.finish_all();
    REQUIRE(node.files().size() == 3);
    CHECK(sweep(node, {.keep_ms = 30 * kDayMs}).studies == 0);
    node.clock.advance_ms(30 * kDayMs - 1);
    CHECK(sweep(node, {.keep_ms = 30 * kDayMs}).studies == 0);
    node.clock.advance_ms(1);
    const auto swept = sweep(node, {.keep_ms = 30 * kDayMs});
    CHECK(swept.studies == 1);
    CHECK(swept.files == 3);
    CHECK(node.files().empty());
    CHECK(rows(node) == 0);
    const auto story = node.journal.of_study(kStudy);
    CHECK(story.front().event == "image.received");
    CHECK(story.back().event == "study.left");
    CHECK(story.back().words.find("3 files") != std::string::npos);
    CHECK(story.back().words.find("30 days") != std::string::npos);
    CHECK(node.jobs.backlog().at(0).done == 2);  // history is counted, not kept
    // The folder of a past hour is removed with its last file.
    CHECK_FALSE(std::filesystem::exists(node.dir / "spool" / "2026112314"));
}

TEST_CASE("a study whose report was made again in another class is removed like any other",
          "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    REQUIRE(node.put(*node.jobs.claim(Lane::report(), 60'000), "first"));
    const auto refused = node.jobs.claim(Lane::deliver("pacs"), 60'000);
    REQUIRE(refused);
    REQUIRE(node.outbox.make_again(*refused, "not this class"));
    node.deliver_all();
    node.clock.advance_ms(kDayMs);
    CHECK(sweep(node, {.keep_ms = kDayMs}).studies == 0);  // the other class is still owed
    REQUIRE(node.studies.make_due_reports() == 1);
    REQUIRE(node.put(*node.jobs.claim(Lane::report(), 60'000), "in another class"));
    node.deliver_all();
    node.clock.advance_ms(kDayMs);
    CHECK(sweep(node, {.keep_ms = kDayMs}).studies == 1);
    CHECK(node.files().empty());
    CHECK(rows(node) == 0);
}

TEST_CASE("without a rule nothing is removed", "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    node.finish_all();
    node.clock.advance_ms(3650 * kDayMs);
    CHECK(sweep(node, {}).studies == 0);
    CHECK(node.files().size() == 3);
}

TEST_CASE("an undelivered result is never deleted, by age or by size", "[storage]") {
    DataFolder node;
    const KeepRules greedy{.keep_ms = 1, .keep_bytes = 1};
    send_study(node, kStudy);
    const auto nothing_leaves = [&] {
        node.clock.advance_ms(1000 * kDayMs);
        const auto files = node.files();
        CHECK(sweep(node, greedy).studies == 0);
        CHECK(node.files() == files);
    };
    SECTION("while the image waits for its verdict") {
        nothing_leaves();
    }
    SECTION("while the report waits") {
        REQUIRE(node.give_verdict());
        nothing_leaves();
    }
    SECTION("while one of two results waits, or is parked") {
        REQUIRE(node.give_verdict());
        node.clock.advance_ms(3000);
        REQUIRE(node.studies.make_due_reports() == 1);
        node.put(*node.jobs.claim(Lane::report(), 60'000), kStudy);
        node.jobs.finish(*node.jobs.claim(Lane::deliver("pacs"), 60'000));
        nothing_leaves();
        node.jobs.park(*node.jobs.claim(Lane::deliver("pacs"), 60'000), "refused");
        nothing_leaves();
        node.jobs.resubmit(Lane::deliver("pacs"));
        node.deliver_all();
        node.clock.advance_ms(1);
        CHECK(sweep(node, greedy).studies == 1);
    }
    SECTION("where there is no destination") {
        REQUIRE(node.give_verdict());
        node.clock.advance_ms(3000);
        REQUIRE(node.studies.make_due_reports() == 1);
        const NewResult made[] = {{.sop_instance = Uid{"1.9"},
                                   .sop_class = Uid{"1.8"},
                                   .transfer_syntax = kExplicitLittle,
                                   .kind = "sr",
                                   .part10 = bytes_of("SR")}};
        REQUIRE(node.outbox.put(*node.jobs.claim(Lane::report(), 60'000), made, {}));
        nothing_leaves();
    }
    SECTION("while a late image of a delivered study waits") {
        node.finish_all();
        node.send({.sop_instance = "1.2.3.1.2", .bytes = "late"});
        nothing_leaves();
    }
    SECTION("while a delivered study is run again, and as long again after that") {
        node.finish_all();
        node.studies.retry(kStudy);
        nothing_leaves();
        node.finish_all();
        CHECK(sweep(node, {.keep_ms = kDayMs}).studies == 0);
        node.clock.advance_ms(kDayMs);
        CHECK(sweep(node, {.keep_ms = kDayMs}).studies == 1);
    }
    SECTION("while anything else is to be done for it") {  // with any open job
        node.finish_all();
        node.db
            .prepare({"test.other", R"sql(
            INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                             not_before_ms)
            VALUES ('commit:pacs', '1', '1.2.3.1', 'ready', 1, 1, 1))sql"})
            .run();
        nothing_leaves();
        node.jobs.finish(*node.jobs.claim(Lane::commit("pacs"), 60'000));
        node.clock.advance_ms(1);
        CHECK(sweep(node, greedy).studies == 1);
    }
}

TEST_CASE("above the size limit the oldest are removed, and no more than necessary", "[storage]") {
    DataFolder node;
    for (int at = 1; at <= 5; ++at) {
        send_study(node, "1.2." + std::to_string(at), std::string(1000, 'x'));
        node.finish_all();
        node.clock.advance_ms(1);
    }
    Retention retention(node.db, node.dir.path(), node.clock, {.keep_bytes = 3100});
    REQUIRE(retention.held().bytes == 5 * 1004);
    REQUIRE(retention.held().files == 15);
    CHECK(retention.sweep(100).studies == 2);
    CHECK(retention.held().bytes == 3 * 1004);
    CHECK(node.files().size() == 9);
    CHECK_FALSE(node.studies.line("1.2.2"));
    CHECK(node.studies.line("1.2.3"));
    CHECK(node.journal.of_study("1.2.1").back().words.find("were held") != std::string::npos);
    CHECK(retention.sweep(100).studies == 0);
}

TEST_CASE("a sweep removes no more than its limit", "[storage]") {
    DataFolder node;
    for (int at = 1; at <= 5; ++at) send_study(node, "1.2." + std::to_string(at));
    node.finish_all();
    node.clock.advance_ms(kDayMs);
    CHECK(sweep(node, {.keep_ms = kDayMs}, 2).studies == 2);
    CHECK(sweep(node, {.keep_ms = kDayMs}, 2).studies == 2);
    CHECK(sweep(node, {.keep_ms = kDayMs}, 2).studies == 1);
}

TEST_CASE("a file that could not be unlinked is removed by the next sweep", "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    node.finish_all();
    node.clock.advance_ms(kDayMs);
    const auto image = node.dir / "spool" / node.studies.instances(kStudy).at(0).file;
    // A folder in place of the file: not even root can unlink it.
    std::filesystem::rename(image, image.string() + ".away");
    std::filesystem::create_directory(image);
    const auto swept = sweep(node, {.keep_ms = kDayMs});
    CHECK(swept.studies == 1);
    CHECK(swept.files == 2);
    std::filesystem::remove(image);
    std::filesystem::rename(image.string() + ".away", image);
    CHECK(sweep(node, {.keep_ms = kDayMs}).files == 1);
    CHECK(node.files().empty());
    CHECK(sweep(node, {.keep_ms = kDayMs}).files == 0);
}

TEST_CASE(
    "a node that crashes while it removes thousands of files removes the rest after its start",
    "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    node.finish_all();
    const auto file = "2026112314/0f.dcm";
    {
        Database::Transaction transaction(node.db);  // the state after the rows were removed
        for (int at = 0; at < 3000; ++at) {
            const auto name = "spool/2026112314/" + std::to_string(at) + ".dcm";
            std::ofstream{node.dir / name};
            node.db.prepare({"test.leaving", "INSERT INTO leaving (file) VALUES (:file)"})
                .bind(":file", std::string_view{name})
                .run();
        }
        transaction.commit();
    }
    std::ofstream{node.dir / "spool" / file};  // and one that nobody was answered for
    CHECK(recover(node.db, node.dir.path(), node.clock).images_found == 1);
    CHECK(sweep(node, {}).files == 3000);
    CHECK(node.files().size() == 3 + 1);
}

TEST_CASE("a worker whose job was removed does not end another job with the same number",
          "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    const auto slow = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(slow);
    node.clock.advance_ms(60'000);
    node.finish_all();  // by another destination
    node.clock.advance_ms(kDayMs);
    REQUIRE(sweep(node, {.keep_ms = kDayMs}).studies == 1);
    send_study(node, "1.2.3.2");
    const auto other = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(other);
    REQUIRE(other->id == slow->id);
    CHECK_FALSE(node.studies.record_verdict(*slow, "findings", "{}"));
    CHECK(node.studies.record_verdict(*other, "no_findings", "{}"));
}

TEST_CASE("an image that comes again after its removal is a new one, with results of the same UIDs",
          "[storage]") {
    DataFolder node;
    send_study(node, kStudy);
    node.finish_all();
    const auto report = node.studies.last_report(kStudy);
    node.clock.advance_ms(kDayMs);
    REQUIRE(sweep(node, {.keep_ms = kDayMs}).studies == 1);
    send_study(node, kStudy);
    CHECK(node.studies.line(kStudy)->pending == 1);
    node.finish_all();
    CHECK(node.studies.last_report(kStudy) == report);
}

TEST_CASE("the journal of a removed study is kept for its time, then removed", "[storage]") {
    DataFolder node;
    const KeepRules rules{.keep_ms = kDayMs, .journal_ms = 365 * kDayMs};
    send_study(node, kStudy);
    node.finish_all();
    node.clock.advance_ms(kDayMs);
    sweep(node, rules);
    node.clock.advance_ms(365 * kDayMs - 1);
    send_study(node, "1.2.3.2");
    sweep(node, rules);
    CHECK_FALSE(node.journal.of_study(kStudy).empty());
    node.clock.advance_ms(1);
    sweep(node, rules);
    CHECK(node.journal.of_study(kStudy).empty());
    CHECK_FALSE(node.journal.of_study("1.2.3.2").empty());
}

}  // namespace bucky::storage::test
