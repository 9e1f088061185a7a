// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <fstream>

#include <sys/stat.h>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"

namespace bucky::storage::test {
namespace {

using bucky::test::TempDir;

constexpr Sql kAddEntry{"test.add_entry", R"sql(
    INSERT INTO journal (at_ms, study, subject, event, words)
    VALUES (1, 'study', '', 'x', ''))sql"};
constexpr Sql kCountEntries{"test.count_entries", "SELECT count(*) FROM journal"};
constexpr Sql kThree{"test.three", "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"};

std::int64_t entries(Database& db) {
    auto row = db.prepare(kCountEntries);
    row.step();
    return row.integer(0);
}

}  // namespace

TEST_CASE("a transaction that is not committed leaves nothing", "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    {
        Database::Transaction transaction{db};
        db.prepare(kAddEntry).run();
        CHECK(entries(db) == 1);
    }
    CHECK(entries(db) == 0);
    CHECK_FALSE(db.in_transaction());
    {
        Database::Transaction transaction{db};
        db.prepare(kAddEntry).run();
        transaction.commit();
    }
    CHECK(entries(db) == 1);
}

TEST_CASE("a transaction inside a transaction is a bug, and the outer one goes on", "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    Database::Transaction transaction{db};
    CHECK(thrown_by([&] { Database::Transaction{db}; }) == Fault::bug);
    db.prepare(kAddEntry).run();
    transaction.commit();
    CHECK(entries(db) == 1);
}

TEST_CASE("a wrong parameter, and a statement within itself, are bugs", "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    CHECK(thrown_by([&] { db.prepare(kThree).bind(":nobody", 1); }) == Fault::bug);
    auto three = db.prepare(kThree);
    REQUIRE(three.step());
    CHECK(thrown_by([&] { db.prepare(kThree); }) == Fault::bug);
    CHECK(three.step());
    CHECK(three.integer(0) == 2);
}

TEST_CASE("a reopened database has what was committed", "[storage]") {
    const TempDir dir;
    {
        Database db{dir / "bucky.db"};
        Database::Transaction transaction{db};
        db.prepare(kAddEntry).run();
        transaction.commit();
    }
    for (const auto mode :
         {Database::Mode::read_only, Database::Mode::existing, Database::Mode::create}) {
        Database db{dir / "bucky.db", mode};
        CHECK(entries(db) == 1);
    }
}

TEST_CASE("only its owner may read the database", "[storage]") {
    const TempDir dir;
    Database db{dir / "below" / "bucky.db"};
    db.prepare(kAddEntry).run();
    for (const auto* name : {"bucky.db", "bucky.db-wal", "bucky.db-shm"}) {
        struct stat file {};
        INFO(name);
        REQUIRE(::stat((dir / "below" / name).c_str(), &file) == 0);
        CHECK((file.st_mode & 0777U) == 0600U);
    }
}

TEST_CASE("the log is synced by us (shared_sync_test), and foreign keys are enforced",
          "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    const auto pragma = [&](const char* text) {
        auto row = db.prepare({"test.pragma", text});
        row.step();
        return row.text(0);
    };
    CHECK(pragma("PRAGMA journal_mode") == "wal");
    CHECK(pragma("PRAGMA synchronous") == "1");  // NORMAL: SQLite syncs at checkpoints
    CHECK(pragma("PRAGMA foreign_keys") == "1");
    CHECK(std::stoi(pragma("PRAGMA busy_timeout")) >= 1000);
}

TEST_CASE("a missing database is unavailable, and only `create` creates it", "[storage]") {
    const TempDir dir;
    for (const auto mode : {Database::Mode::existing, Database::Mode::read_only}) {
        const auto thrown = thrown_by([&] { Database{dir / "bucky.db", mode}; });
        CHECK(thrown == Fault::unavailable);
        CHECK(thrown.words.find("there is no database " + (dir / "bucky.db").string()) !=
              std::string::npos);
        CHECK_FALSE(std::filesystem::exists(dir / "bucky.db"));
    }
    std::ofstream{dir / "file"} << "not a folder";
    CHECK(thrown_by([&] { Database{dir / "file" / "bucky.db"}; }) == Fault::unavailable);
}

TEST_CASE("a file that is no database is unavailable, and the words name it and say what to do",
          "[storage]") {
    const TempDir dir;
    std::ofstream{dir / "bucky.db"} << std::string(8192, 'x');
    for (const auto mode :
         {Database::Mode::create, Database::Mode::existing, Database::Mode::read_only}) {
        const auto thrown = thrown_by([&] { Database{dir / "bucky.db", mode}; });
        CHECK(thrown == Fault::unavailable);
        CHECK_THAT(thrown.words, Catch::Contains((dir / "bucky.db").string() + " is damaged") &&
                                     Catch::Contains("Stop the node"));
    }
}

TEST_CASE("a database of another version is left alone and says what to do", "[storage]") {
    const TempDir dir;
    {
        Database db{dir / "bucky.db"};
        db.prepare({"test.newer", "PRAGMA user_version = 4711"}).run();
    }
    for (const auto mode : {Database::Mode::create, Database::Mode::existing}) {
        const auto thrown = thrown_by([&] { Database{dir / "bucky.db", mode}; });
        CHECK(thrown == Fault::unsupported);
        CHECK(thrown.words.find("4711") != std::string::npos);
        CHECK(thrown.words.find("run the newer bucky that wrote it, or restore the copy made "
                                "before the upgrade") != std::string::npos);
    }
    std::ofstream{dir / "empty.db"};
    const auto older = thrown_by([&] { Database{dir / "empty.db", Database::Mode::existing}; });
    CHECK(older == Fault::unsupported);
    CHECK(older.words.find("bucky serve") != std::string::npos);
}

TEST_CASE("a full database is exhausted, and works again when there is space", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    node.db.prepare({"test.small", "PRAGMA max_page_count = 1"}).run();  // the file does not shrink
    const auto before = node.files();
    std::optional<Thrown> full;
    for (int at = 2; at < 2000 && (!full || full->none()); ++at) {
        full = thrown_by([&] { node.send({.sop_instance = "1." + std::to_string(at)}); });
    }
    REQUIRE(full);
    CHECK(*full == Fault::exhausted);
    CHECK(node.files().size() == static_cast<std::size_t>(node.instance_rows()));

    node.db.prepare({"test.large", "PRAGMA max_page_count = 1000000"}).run();
    CHECK(node.send({.sop_instance = "2.1"}).kept == Receipt::Kept::fresh);
}

TEST_CASE("a read-only connection cannot write", "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    Database reader{dir / "bucky.db", Database::Mode::read_only};
    CHECK(thrown_by([&] { reader.prepare(kAddEntry).run(); }) == Fault::unavailable);
    db.prepare(kAddEntry).run();
    CHECK(entries(reader) == 1);
}

}  // namespace bucky::storage::test
