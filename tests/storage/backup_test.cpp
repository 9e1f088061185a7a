// SPDX-License-Identifier: Apache-2.0
#include "storage/backup.h"

#include <fstream>
#include <thread>

#include <sqlite3.h>
#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "storage/site_register.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

namespace fs = std::filesystem;

/// Files named by the copy of the database that are missing or incomplete.
std::vector<std::string> missing_in(const fs::path& backup) {
    std::vector<std::string> missing;
    Database db{backup / "bucky.db", Database::Mode::existing};
    auto rows = db.prepare({"test.files", R"sql(
        SELECT 'spool/' || file, size_bytes FROM instance
        UNION ALL SELECT 'results/' || file, size_bytes FROM result)sql"});
    while (rows.step()) {
        std::error_code error;
        const auto bytes = fs::file_size(backup / rows.text(0), error);
        if (error || static_cast<std::int64_t>(bytes) != rows.integer(1)) {
            missing.push_back(rows.text(0));
        }
    }
    return missing;
}

std::int64_t files_below(const fs::path& folder) {
    std::int64_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
}

}  // namespace

TEST_CASE("a backup has the database and every file that it names, readable only by its owner",
          "[storage][backup]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9"});
    node.send({.sop_instance = "1.2.10", .bytes = "other pixels"});
    node.finish_all();
    const bucky::test::TempDir dir;
    const auto done = back_up(node.dir.path(), dir / "backup");
    CHECK(done.files == 4);  // two images, a report, a picture
    CHECK(done.copied == 4);
    CHECK(done.bytes == 22);
    CHECK(done.removed == 0);
    CHECK(missing_in(dir / "backup").empty());
    CHECK(fs::status(dir / "backup").permissions() == fs::perms::owner_all);
    CHECK(fs::status(dir / "backup" / "bucky.db").permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));

    const SettableClock clock{kStartMs};
    Database db{dir / "backup" / "bucky.db"};
    CHECK(recover(db, dir / "backup", clock).files_swept == 0);
    CHECK(Studies{db, clock}.line(kStudy).value().no_findings == 2);
}

TEST_CASE("a second backup into the same folder copies new files, and deletes removed ones",
          "[storage][backup]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9"});
    node.finish_all();
    const bucky::test::TempDir dir;
    CHECK(back_up(node.dir.path(), dir / "backup").copied == 3);
    CHECK(back_up(node.dir.path(), dir / "backup").copied == 0);

    node.send({.sop_instance = "1.3.9", .study = "1.3.1", .series = "1.3.1.1"});
    CHECK(back_up(node.dir.path(), dir / "backup").copied == 1);

    Retention{node.db, node.dir.path(), node.clock, {0, 1, 0}}.sweep(1);  // removes the first study
    const auto last = back_up(node.dir.path(), dir / "backup");
    CHECK(last.files == 1);
    CHECK(last.removed == 3);
    CHECK(files_below(dir / "backup" / "spool") == 1);
    CHECK(missing_in(dir / "backup").empty());
}

TEST_CASE("a part of a file that an interrupted backup left is not taken for the whole",
          "[storage][backup]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9", .bytes = "all of these bytes"});
    const bucky::test::TempDir dir;
    back_up(node.dir.path(), dir / "backup");
    const auto file = "spool/" + node.studies.instances(kStudy).at(0).file;
    fs::resize_file(dir / "backup" / file, 3);
    std::ofstream{dir / "backup" / (file + "2.unfinished")} << "all of";
    std::ofstream{dir / "backup" / "bucky.db.unfinished"} << "half a database";
    const auto done = back_up(node.dir.path(), dir / "backup");
    CHECK(done.copied == 1);
    CHECK(done.removed == 1);
    CHECK(missing_in(dir / "backup").empty());
    CHECK_FALSE(fs::exists(dir / "backup" / "bucky.db.unfinished"));
}

TEST_CASE("a backup made while images come and studies are removed is consistent",
          "[storage][backup]") {
    DataFolder node;
    const bucky::test::TempDir dir;
    int whole = 0;
    for (int backup = 0; backup < 5; ++backup) {
        std::jthread load([&] {
            for (int round = 1; round <= 6; ++round) {  // fewer than the tries of a backup
                const auto study = "1.4." + std::to_string(10 * backup + round);
                node.send({.sop_instance = study + ".1", .study = study, .series = study + ".0"});
                node.finish_all();
                Retention{node.db, node.dir.path(), node.clock, {0, 25, 0}}.sweep(5);
            }
        });
        back_up(node.dir.path(), dir / "backup");
        load.join();
        whole += missing_in(dir / "backup").empty() ? 1 : 0;
    }
    CHECK(whole == 5);
}

TEST_CASE("a backup goes into a folder of its own and no other", "[storage][backup]") {
    DataFolder node;
    const bucky::test::TempDir dir;
    const auto refused = [&](const fs::path& to, const char* words) {
        CHECK_THROWS_WITH(back_up(node.dir.path(), to), Catch::Contains(words));
    };
    refused(node.dir.path(), "lies in the data folder");
    refused(node.dir / "spool" / "backup", "lies in the data folder");
    std::ofstream{dir / "letter.txt"} << "Dear";
    refused(dir.path(), "holds letter.txt, which is of no backup");
    fs::remove(dir / "letter.txt");
    std::ofstream{dir / "lock"} << "1";
    refused(dir.path(), "is the data folder of a node");
    CHECK_FALSE(fs::exists(dir / "bucky.db"));
    CHECK_THROWS_WITH(back_up(dir / "nothing", dir / "backup"),
                      Catch::Contains("cannot open") && Catch::Contains("bucky.db"));
}

TEST_CASE("a damaged database and a missing file are reported and do not replace a backup",
          "[storage][backup]") {
    DataFolder node;
    node.send({.sop_instance = "1.2.9"});
    const bucky::test::TempDir dir;
    back_up(node.dir.path(), dir / "backup");
    fs::remove(node.dir / "spool" / node.studies.instances(kStudy).at(0).file);
    CHECK(back_up(node.dir.path(), dir / "backup").copied == 0);  // the backup still has it
    CHECK_THROWS_WITH(back_up(node.dir.path(), dir / "another"),
                      Catch::Contains("are they missing"));
    CHECK_FALSE(fs::exists(dir / "another" / "bucky.db"));
}

TEST_CASE("a backup has the register of sites and the files of the authority, as they are now",
          "[storage][backup]") {
    DataFolder node;
    const SystemClock clock;
    SiteRegister sites{node.dir.path(), clock};
    sites.invite("clinic", "hash", clock.now_ms() + 1000);
    fs::create_directory(node.dir / "authority");
    const bucky::test::TempDir dir;
    for (const std::string list : {"old", "new"}) {
        std::ofstream{node.dir / "authority" / "crl.pem"} << list;
        (void)back_up(node.dir.path(), dir / "backup");
        std::ifstream in{dir / "backup" / "authority" / "crl.pem"};
        CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == list);
    }
    SiteRegister restored{dir / "backup", clock};
    CHECK(restored.site("clinic"));
}

}  // namespace bucky::storage::test
