// SPDX-License-Identifier: Apache-2.0
// A database of every released version is upgraded at the start: stored data stays, and due work
// stays due.
#include <catch2/catch.hpp>

#include <string>

#include <sqlite3.h>

#include "storage/commitments.h"
#include "storage/schema.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

constexpr std::size_t kOwnersSince = 8;     ///< the version that added owners of images
constexpr std::size_t kStudyKeysSince = 9;  ///< the version that added owners of studies

/// What a node of version 1 or later could have written: a study whose report is delivered, and one
/// with an image that waits and a result that is parked.
constexpr const char* kWorked = R"sql(
    INSERT INTO study (uid, accession_number, state, pending, first_image_ms, last_image_ms,
                       first_unreported_ms, due_at_ms, last_association, reported_at_ms)
    VALUES ('1.2.1', 'A-1', 'reported', 0, 10, 20, 10, 20, '7', 30),
           ('1.2.2', 'A-2', 'open', 1, 40, 50, 40, 50, '8', 0);
    INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax, file, size_bytes,
                          association, calling_ae, called_ae, peer_address, received_at_ms,
                          conflicting, awaiting, verdict, result_json, analysed_at_ms)
    VALUES ('1.2.1.1', '1.2', '1.2.1', '1.2.1.0', '1.2', '1970010100/a.dcm', 100, '7', 'XRAY1',
            'BUCKY', '10.0.0.1', 10, 0, 0, 'no_findings', '{}', 15),
           ('1.2.2.1', '1.2', '1.2.2', '1.2.2.0', '1.2', '1970010100/b.dcm', 200, '8', 'XRAY1',
            'BUCKY', '10.0.0.1', 40, 0, 1, '', '', 0);
    INSERT INTO result (sop_instance, sop_class, study, transfer_syntax, kind, file, size_bytes,
                        created_at_ms)
    VALUES ('1.2.1.9', '1.2', '1.2.1', '1.2', 'sr', '1970010100/c.dcm', 300, 30);
    INSERT INTO job (lane, subject, study, state, attempt, created_at_ms, submitted_at_ms,
                     not_before_ms, last_error)
    VALUES ('infer', '1', '1.2.1', 'done', 1, 10, 10, 10, ''),
           ('infer', '2', '1.2.2', 'running', 1, 40, 40, 40, ''),
           ('deliver:pacs', '1.2.1.9', '1.2.1', 'parked', 3, 30, 30, 30, '0xA900');
    INSERT INTO journal (at_ms, study, subject, event, words)
    VALUES (10, '1.2.1', '1.2.1.1', 'image.received', 'from XRAY1');)sql";

/// What a node of version 8 could have written: NORTH's study 1.2.1, and study 1.2.2 of both.
constexpr const char* kOwned = R"sql(
    UPDATE instance SET owner = 'NORTH';
    INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax, file, size_bytes,
                          association, calling_ae, called_ae, peer_address, received_at_ms,
                          conflicting, awaiting, owner)
    VALUES ('1.2.2.1', '1.2', '1.2.2', '1.2.2.0', '1.2', '1970010100/d.dcm', 200, '8', 'XRAY1',
            'BUCKY', '10.0.0.1', 40, 0, 0, 'SOUTH');
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms)
    VALUES ('report', '1.2.1', '1.2.1', 'done', 20, 20, 20),
           ('commit:pacs', '1.2.1', '1.2.1', 'ready', 30, 30, 30);
    INSERT INTO commitment (destination, sop_instance, study, transaction_uid)
    VALUES ('pacs', '1.2.1.9', '1.2.1', '1.2.1.8');
    INSERT INTO commitment_request (transaction_uid, destination, study, asked_at_ms)
    VALUES ('1.2.1.8', 'pacs', '1.2.1', 30);)sql";

void make_old(const std::filesystem::path& file, std::size_t version, const char* more = "") {
    std::string worked = kWorked;
    if (version >= kStudyKeysSince) worked.replace(worked.find("(uid,"), 5, "(key,");
    sqlite3* old = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &old) == SQLITE_OK);
    for (const auto& migration : migrations().first(version)) {
        REQUIRE(sqlite3_exec(old, migration.sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    for (const auto* rows : {worked.c_str(), more}) {
        REQUIRE(sqlite3_exec(old, rows, nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    sqlite3_close(old);
}

/// A database from before studies had an owner, opened by this version.
struct Upgraded {
    bucky::test::TempDir dir;
    Database db{old_database()};
    SettableClock clock{kStartMs};
    Studies studies{db, clock};
    JobQueue jobs{db, clock};

private:
    std::filesystem::path old_database() const {
        make_old(dir / "bucky.db", kOwnersSince, kOwned);
        return dir / "bucky.db";
    }
};

}  // namespace

TEST_CASE("a database of every earlier version is upgraded and works", "[storage]") {
    const auto newest = migrations().size();
    for (std::size_t version = 1; version <= newest; ++version) {
        INFO("version " << version);
        const bucky::test::TempDir dir;
        make_old(dir / "bucky.db", version);
        if (version < newest) {  // a reader neither changes nor misreads it
            CHECK_THROWS_WITH(Database(dir / "bucky.db", Database::Mode::read_only),
                              Catch::Contains("brings it up to date when it starts"));
        }
        Database db{dir / "bucky.db"};
        CHECK(db.version() == migrations().back().version);
        const SettableClock clock{kStartMs};
        CHECK(recover(db, dir.path(), clock).jobs_returned == 1);

        Studies studies{db, clock};
        const auto before = studies.line("1.2.1").value();
        CHECK(before.no_findings == 1);
        CHECK(before.accession_number == "A-1");
        CHECK(before.deliveries_open == 1);
        CHECK(Journal(db, clock).of_study("1.2.1").at(0).words == "from XRAY1");

        JobQueue jobs{db, clock};
        CHECK(jobs.open(Lane::infer()) == 1);
        const auto job = jobs.claim(Lane::infer(), 60'000);
        REQUIRE(job.has_value());
        CHECK(job->subject == "2");
        CHECK(job->attempt == 2);
        CHECK(studies.record_verdict(*job, "findings", "{}"));
        CHECK(studies.make_due_reports() == 1);
        CHECK(jobs.claim(Lane::report(), 60'000).value().study == "1.2.2");
        CHECK(jobs.resubmit(Lane::deliver("pacs")) == 1);
        CHECK(jobs.claim(Lane::deliver("pacs"), 60'000).value().subject == "1.2.1.9");
        CHECK(studies.instance(1).value().owner.empty());

        Retention retention{db, dir.path(), clock, {}};
        CHECK(retention.held().files == 3);
        CHECK(retention.held().bytes == 600);
    }
}

TEST_CASE("a study from before studies had an owner becomes that of the only owner of its images",
          "[storage][tenants]") {
    Upgraded upgraded;
    auto& [dir, db, clock, studies, jobs] = upgraded;
    CHECK(studies.of_uid("1.2.1") == std::vector<std::string>{"1.2.1@NORTH"});
    CHECK(studies.instances("1.2.1@NORTH").size() == 1);
    CHECK(studies.last_report("1.2.1@NORTH") == Uid{"1.2.1.9"});
    CHECK(Journal(db, clock).of_study("1.2.1@NORTH").size() == 1);
    CHECK(Journal(db, clock).of_study("1.2.1").empty());
    CHECK(Commitments(db, clock).of_study("1.2.1@NORTH").size() == 1);

    CHECK(jobs.jobs_of_study("1.2.1@NORTH").size() == 4);
    CHECK(jobs.claim(Lane::commit("pacs"), 60'000).value().subject == "1.2.1@NORTH");
    CHECK(Commitments(db, clock).answered("pacs",
                                          {Uid{"1.2.1.8"}, {{Uid{"1.2"}, Uid{"1.2.1.9"}}}, {}}));
    CHECK(Journal(db, clock).of_study("1.2.1@NORTH").size() == 2);
}

TEST_CASE("a study from before studies had an owner that two owners share stays and works on",
          "[storage][tenants]") {
    Upgraded upgraded;
    auto& [dir, db, clock, studies, jobs] = upgraded;
    CHECK(studies.of_uid("1.2.2") == std::vector<std::string>{"1.2.2"});
    CHECK(studies.instances("1.2.2").size() == 2);
    CHECK(recover(db, dir.path(), clock).jobs_returned == 1);
    const auto job = jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job.has_value());
    CHECK(studies.record_verdict(*job, "findings", "{}"));
    CHECK(studies.make_due_reports() == 1);
    CHECK(jobs.claim(Lane::report(), 60'000).value().study == "1.2.2");
}

}  // namespace bucky::storage::test
