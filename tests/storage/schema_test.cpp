// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <sqlite3.h>

#include "conf/base/digest.h"
#include "storage/queue_shape.h"
#include "storage/schema.h"
#include "storage/site_register.h"
#include "storage/statements.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

std::vector<Sql> all_statements() {
    std::vector<Sql> all;
    for (const auto part :
         {backup_statements(), commitment_statements(), pledge_statements(),
          queue_shape_statements(), intake_statements(), job_statements(), journal_statements(),
          outbox_statements(), recover_statements(), reingest_statements(), retention_statements(),
          study_statements(), expiry_statements(), abandoned_lane_statements(), turn_statements(),
          peer_class_statements(), waits_statements(), decision_statements(),
          sender_statements()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

/// A node with a history: 20,000 images with results, all delivered.
void fill_with_history(Database& db) {
    Database::Transaction transaction{db};
    for (const auto* text : {
             R"sql(INSERT INTO study (key, accession_number, state, pending, first_image_ms,
                       last_image_ms, first_unreported_ms, due_at_ms, last_association)
                   WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                   SELECT '1.2.' || i, '', 'reported', 0, i, i, i, i, '1' FROM n)sql",
             R"sql(INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax,
                       file, size_bytes, association, calling_ae, called_ae, peer_address,
                       received_at_ms, conflicting, awaiting, verdict)
                   SELECT key || '.1', '1', key, key || '.2', '1',
                          '2026112300/' || first_image_ms, 1, '1', '', '', '', 1, 0, 0, 'findings'
                     FROM study)sql",
             R"sql(INSERT INTO result (sop_instance, sop_class, study, transfer_syntax, kind, file,
                       size_bytes, created_at_ms)
                   SELECT key || '.9', '1', key, '1', 'sr', '2026112300/' || first_image_ms, 1, 1
                     FROM study)sql",
             R"sql(INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                       not_before_ms)
                   SELECT lane, key, key, 'done', 1, 1, 1 FROM study,
                          (SELECT 'infer' AS lane UNION ALL SELECT 'report'
                           UNION ALL SELECT 'deliver:pacs'))sql",
         }) {
        db.prepare({"test.history", text}).run();
    }
    transaction.commit();
}

std::vector<std::string> plan_of(Database& db, const Sql& sql) {
    const std::string text = "EXPLAIN QUERY PLAN " + std::string{sql.text};
    auto rows = db.prepare({"test.plan", text});
    std::vector<std::string> plan;
    while (rows.step()) plan.push_back(rows.text(3));
    return plan;
}

}  // namespace

TEST_CASE("a released migration is never edited", "[storage]") {
    // Databases in the field have run this migration: add another one instead.
    const std::vector<std::string> released{
        "f9603496104c44f37a72623e747653dd8b2635e64d624ee1e0183d519ea917c4",
        "ceddb90a8f65adaa81e31aa7d8be2cdb0aaf7a0bc496778e914b334027541843",
        "b3c0e0b52c57db7f90687fc0f8e8a336ec18525d3c2a66cd642091d8011cf7dc",
        "0e3de21d9e2db493ce7304ba41921249841eb4156f28bf105b1b4bbecac761f9",
        "82dc79f58e3365564224ff33405f4273919671033f77c3fc6a8c212ebd1efadc",
        "d79e4d1902e4b4635d1732f638b3b3a936ad0fae052b94f614f154e8542dda5d",
        "33f866fbe6dda3186d4c21e550bc14b52510dd6fa8a7b238cb97fb777433fe57",
        "befb06b23244dc0cb0d7c57eaf1f823d43b5cf4871efacc69b9585d98d33c701",
        "b736a1eb53b6cfb2315a8b245926a750ae6bdb6bacc82971712a92bdd664a411",
        "fe4b8fd3c31d60ce6982154d8ae66f9dac7dfee70bbc1f6f3c14cd49574d61c2",
        "ef14663b1eea235b8fedbd674f702a5a2f3f70348df1a7af490e127dc810d86e",
        "b6d4657cb5601423799bf0bf9bc0075d5619bb752119084ffab0d71eb1740581",
        "06f815185875d1becf070d08149412a748ef798eda77df3872dbf8e880cd17eb",
        "f6d706072bd631690a8b4ba7b24e714bbe6fb44cfab1ca30fe1e38696e66b786",
        "f8c13f10285b02a2e1f3b23d1560997b06954b13ae8d8a6bc13cf2b9f1a6b400",
        "1c7c4e8fd423dea3c1a59aa6683e45d8e493386557dc9d007cccd01b8ab41fb0",
    };
    REQUIRE(migrations().size() == released.size());
    for (std::size_t at = 0; at < released.size(); ++at) {
        CHECK(migrations()[at].version == static_cast<std::int64_t>(at) + 1);
        CHECK(hex(sha256(migrations()[at].sql)) == released[at]);
    }
}

TEST_CASE("a database of an earlier version keeps its jobs, and counts those that are open",
          "[storage]") {
    const bucky::test::TempDir dir;
    const auto file = dir / "bucky.db";
    {
        sqlite3* old = nullptr;
        REQUIRE(sqlite3_open(file.c_str(), &old) == SQLITE_OK);
        for (const auto& migration : migrations().first(6)) {
            REQUIRE(sqlite3_exec(old, migration.sql, nullptr, nullptr, nullptr) == SQLITE_OK);
        }
        constexpr const char* kJobs = R"sql(
            INSERT INTO study (uid, accession_number, state, pending, first_image_ms,
                               last_image_ms, first_unreported_ms, due_at_ms, last_association)
            VALUES ('1.2', '', 'open', 0, 1, 1, 1, 1, '');
            INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                             not_before_ms)
            VALUES ('infer', '1', '1.2', 'ready', 7, 7, 7),
                   ('infer', '2', '1.2', 'parked', 5, 5, 5),
                   ('infer', '3', '1.2', 'running', 6, 6, 6),
                   ('infer', '4', '1.2', 'done', 1, 1, 1),
                   ('report', '1.2', '1.2', 'running', 9, 9, 9);)sql";
        REQUIRE(sqlite3_exec(old, kJobs, nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(old);
    }
    Database db{file};
    const SettableClock clock{kStartMs};
    const auto lanes = JobQueue{db, clock}.backlog();
    REQUIRE(lanes.size() == 2);
    CHECK(lanes[0].lane == Lane::infer());
    CHECK(lanes[0].ready == 1);
    CHECK(lanes[0].running == 1);
    CHECK(lanes[0].parked == 1);
    CHECK(lanes[0].oldest_waiting_ms == 5);
    CHECK(lanes[1].running == 1);
}

TEST_CASE("a new database is of the newest version and every table is strict", "[storage]") {
    DataFolder node;
    CHECK(node.db.version() == migrations().back().version);
    CHECK(node.count({"test.lax", R"sql(
        SELECT count(*) FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' AND NOT strict
           AND name NOT LIKE 'sqlite_%')sql"}) == 0);
    CHECK(node.count({"test.tables", R"sql(
        SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND strict)sql"}) == 18);
}

TEST_CASE("every statement can be prepared and has a name of its own", "[storage]") {
    DataFolder node;
    std::set<std::string_view> names;
    for (const auto& sql : all_statements()) {
        INFO(sql.name);
        CHECK_NOTHROW(node.db.prepare(sql));
        CHECK(names.insert(sql.name).second);
    }
}

TEST_CASE("every statement of the folder is in the lists that these tests walk", "[storage]") {
    std::set<std::string> written;
    for (const auto& entry :
         std::filesystem::directory_iterator{std::string{BUCKY_SOURCE_DIR} + "/storage"}) {
        std::ifstream in{entry.path()};
        std::stringstream text;
        text << in.rdbuf();
        const std::string source = text.str();
        // A statement is written as: constexpr Sql kClaim{"job.claim", R"sql(
        for (auto at = source.find("constexpr Sql k"); at != std::string::npos;
             at = source.find("constexpr Sql k", at + 1)) {
            const auto opens = source.find_first_of("{=[", at);
            if (source[opens] != '{') continue;  // lists of statements
            const auto from = source.find('"', opens) + 1;
            written.insert(source.substr(from, source.find('"', from) - from));
        }
    }
    std::set<std::string> listed{"database.bytes", "database.version",
                                 "database.wal"};  // used before there is a schema
    for (const auto& sql : all_statements()) listed.insert(std::string{sql.name});
    for (const auto& sql : site_statements()) listed.insert(std::string{sql.name});  // of sites.db
    CHECK(written == listed);
}

TEST_CASE("no statement that runs for each image, job or start reads history", "[storage]") {
    DataFolder node;
    fill_with_history(node.db);
    const std::set<std::string_view> for_people{
        // Commands that people run now and then; bounded by open work or by the number of lanes.
        "job.resubmit_all", "queue_shape.open", "owed.owed", "job.tally", "job.parked",
        "study.recent",
        // A backup names every file.
        "backup.files",
        // Two rows, and what the last sweep did not unlink.
        "retention.held", "retention.leaving",
        // An export or a check reads every record; a sweep, one row for each tenant.
        "decision.owners", "decision.noted"};
    for (const auto& sql : all_statements()) {
        if (for_people.contains(sql.name)) continue;
        for (const auto& line : plan_of(node.db, sql)) {
            INFO(sql.name << ": " << line);
            const bool reads_a_table = line.find("CONSTANT ROW") == std::string::npos;
            CHECK_FALSE((line.starts_with("SCAN") && reads_a_table));
        }
    }
    // The hot statements use the index that was made for them.
    const std::vector<std::pair<std::string_view, std::string_view>> expected{
        {"job.claim", "INTEGER PRIMARY KEY"},
        {"turn.first", "job_turn (lane=? AND urgent=? AND tenant=? AND not_before_ms<?)"},
        {"turn.tenant_after", "job_turn (lane=? AND urgent=? AND tenant>?)"},
        {"job.settle", "job_open_of_study (study=?)"},
        {"job.resubmit_refused", "job_open_of_study (study=?)"},
        {"retention.due", "study_settled (settled_at_ms>? AND settled_at_ms<?)"},
        {"retention.old_stories", "journal_left (at_ms<?)"},
        {"turn.first_since", "job_new_turn (lane=? AND urgent=? AND tenant=? AND created_at_ms>?"},
        {"job.oldest", "job_by_age (lane=? AND created_at_ms<?)"},
        {"job.waits_since", "job_by_age (lane=?"},
        {"job.waits_since", "job_running (lease_until_ms>?"},
        {"job.waits_since", "job_parked (lane=?"},
        {"job.last_error", "job_in_trouble (lane=?"},
        {"job.expire_leases", "job_running (lease_until_ms<?)"},
        {"job.leave", "INTEGER PRIMARY KEY"},
        {"job.next_due", "job_ready (lane=?)"},
        {"study.due", "study_due (due_at_ms<?)"},
        {"study.next_due", "study_due (due_at_ms>?)"},
        {"study.next_due", "job_open (lane=? AND subject=?)"},
        {"study.report_state", "job_open (lane=? AND subject=?)"},
        {"study.verdict", "INTEGER PRIMARY KEY"},
        {"intake.standing", "(sop_instance=?"},
        {"intake.same_conflict", "(sop_instance=?"},
        {"study.waiting", "PRIMARY KEY (owner=?)"},
        {"study.earlier_reports", "result_of_patient (patient=? AND kind=? AND rendering=?)"},
        {"study.of_uid", "study_of_uid (study_uid=?)"},
        {"journal.studies_of_uid", "journal_of_study (study>? AND study<?)"},
        {"intake.own_result", "sqlite_autoindex_result_1 (sop_instance=?)"},
        {"intake.association_ended", "study_open_association (last_association=?)"},
        {"outbox.taken_back_at", "PRIMARY KEY (sop_instance=? AND destination=?)"},
        {"retention.drop_taken_back", "taken_back_of_study (study=?)"},
        {"outbox.deliver_job", "job_of_subject (subject=? AND lane=?)"},
        {"decision.last", "decision_of_chain (owner=?)"},
        {"decision.records", "decision_of_chain (owner=?)"},
        {"decision.newer", "decision_of_chain (owner=? AND number>? AND number<?)"},
        {"decision.chain", "PRIMARY KEY (owner=?)"},
        {"recover.return_jobs", "job_running (lease_until_ms>?)"},
        {"recover.last_instance_file", "INTEGER PRIMARY KEY"},
        {"recover.instance_files_from", "sqlite_autoindex_instance_1 (file>?)"},
        {"recover.result_files_from", "sqlite_autoindex_result_2 (file>?)"},
    };
    for (const auto& [name, index] : expected) {
        std::string plan;
        for (const auto& sql : all_statements()) {
            if (sql.name != name) continue;
            for (const auto& line : plan_of(node.db, sql)) plan += line + '\n';
        }
        INFO(name << ":\n" << plan);
        CHECK(plan.find(index) != std::string::npos);
    }
}

}  // namespace bucky::storage::test
