// SPDX-License-Identifier: Apache-2.0
// A database's files are deleted, replaced, truncated and damaged while the process has them open.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/stat.h>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"

namespace bucky::storage::test {
namespace {

namespace fs = std::filesystem;
using bucky::test::TempDir;
using Catch::Contains;

constexpr Sql kAddEntry{"test.add_entry", R"sql(
    INSERT INTO journal (at_ms, study, subject, event, words)
    VALUES (1, 'study', '', 'x', ''))sql"};
constexpr Sql kReadAll{"test.read_all", "SELECT count(words) FROM journal"};
constexpr Sql kCopyAll{"test.copy_all", "PRAGMA wal_checkpoint(TRUNCATE)"};

/// The kernel's locks on this file.
std::ptrdiff_t locks_on(const fs::path& file) {
    struct stat found {};
    REQUIRE(::stat(file.c_str(), &found) == 0);
    const auto inode = ":" + std::to_string(found.st_ino) + " ";
    std::ifstream locks{"/proc/locks"};
    std::ptrdiff_t count = 0;
    for (std::string line; std::getline(locks, line);) {
        count += line.find(inode) != std::string::npos ? 1 : 0;
    }
    return count;
}

void add_entry(Database& db) {
    Database::Transaction transaction{db};
    db.prepare(kAddEntry).run();
    transaction.commit();
}

void replace(const fs::path& file) {
    fs::copy_file(file, file.string() + ".copy");
    fs::rename(file.string() + ".copy", file);
}

std::string joined(const std::vector<std::string>& sentences) {
    std::string all;
    for (const auto& one : sentences) all += one + '\n';
    return all;
}

}  // namespace

TEST_CASE("opening a database again releases no lock of its other connections", "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    add_entry(db);
    REQUIRE(locks_on(dir / "bucky.db") > 0);
    for (const auto mode :
         {Database::Mode::create, Database::Mode::existing, Database::Mode::read_only}) {
        { const Database again{dir / "bucky.db", mode}; }
        CHECK(locks_on(dir / "bucky.db") > 0);
    }
}

TEST_CASE(
    "only what was opened by `create` copies the log when it is closed last, and none deletes it",
    "[storage]") {
    const TempDir dir;
    const auto log = dir / "bucky.db-wal";
    { const Database made{dir / "bucky.db"}; }
    CHECK(fs::file_size(log) == 0);
    {
        Database command{dir / "bucky.db", Database::Mode::existing};
        add_entry(command);
    }
    CHECK(fs::file_size(log) > 0);
    { const Database reader{dir / "bucky.db", Database::Mode::read_only}; }
    CHECK(fs::file_size(log) > 0);
    { const Database node{dir / "bucky.db"}; }
    CHECK(fs::file_size(log) == 0);
}

TEST_CASE("a commit into a deleted or replaced file fails, and the trouble stays reported",
          "[storage]") {
    const auto* name = GENERATE("bucky.db", "bucky.db-wal", "bucky.db-shm");
    const bool is_replaced = GENERATE(false, true);
    INFO(name << (is_replaced ? " replaced" : " deleted"));
    const TempDir dir;
    Database db{dir / "bucky.db"};
    Database other{dir / "bucky.db"};
    add_entry(db);
    CHECK(db.troubles().empty());
    {
        Database::Transaction at_hand{db};
        db.prepare(kAddEntry).run();
        is_replaced ? replace(dir / name) : static_cast<void>(fs::remove(dir / name));
        CHECK(thrown_by([&] { at_hand.commit(); }) == Fault::unavailable);
    }
    CHECK(thrown_by([&] { add_entry(db); }) == Fault::unavailable);
    CHECK(thrown_by([&] { add_entry(other); }) == Fault::unavailable);
    CHECK(thrown_by([&] { other.prepare(kAddEntry).run(); }) == Fault::unavailable);
    for (auto* one : {&db, &other}) {
        CHECK_THAT(
            joined(one->troubles()),
            Contains((dir / name).string() + (is_replaced ? " was replaced" : " was deleted")) &&
                Contains("Restart the node"));
    }
}

TEST_CASE("a truncated database file is reported, a vacuumed one is not", "[storage]") {
    const TempDir dir;
    Database db{dir / "bucky.db"};
    add_entry(db);
    db.prepare(kCopyAll).run();
    CHECK(db.troubles().empty());
    const auto whole = fs::file_size(dir / "bucky.db");
    SECTION("cut short") {
        fs::resize_file(dir / "bucky.db", whole / 2);
        CHECK_THAT(joined(db.troubles()), Contains("bucky.db was cut short"));
        CHECK(thrown_by([&] { add_entry(db); }) == Fault::unavailable);
    }
    SECTION("made compact") {
        db.prepare({"test.drop", "DROP INDEX journal_of_study"}).run();
        db.prepare({"test.vacuum", "VACUUM"}).run();
        db.prepare(kCopyAll).run();
        REQUIRE(fs::file_size(dir / "bucky.db") < whole);
        CHECK(db.troubles().empty());
        CHECK_NOTHROW(add_entry(db));
    }
}

TEST_CASE("damage that one connection meets is a trouble of all, and temporary for the image",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    node.db.prepare(kCopyAll).run();
    const auto file = node.dir / "bucky.db";
    std::ofstream{file, std::ios::in | std::ios::binary} << std::string(fs::file_size(file), 'x');
    const auto before = node.files();

    Thrown met;
    for (int connection = 0; connection < 2 && met.none(); ++connection) {
        met = thrown_by([&] { Database{file}.prepare(kReadAll).run(); });
    }
    CHECK(met == Fault::unavailable);
    CHECK_THAT(met.words, Contains(file.string() + " is damaged") && Contains("bucky backup"));
    CHECK_THAT(joined(node.db.troubles()), Contains(file.string() + " is damaged"));

    const auto refused = thrown_by([&] { node.send({.sop_instance = "1.2"}); });
    CHECK(refused == Fault::unavailable);
    CHECK_THAT(refused.words, !Contains(node.dir.path().string()));
    CHECK(node.files() == before);
}

}  // namespace bucky::storage::test
