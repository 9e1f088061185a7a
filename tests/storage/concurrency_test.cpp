// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "conf/base/error.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

/// Runs `work(number)` on `threads` threads and waits for all.
template <typename Work>
void on_threads(int threads, Work work) {
    std::vector<std::jthread> running;
    for (int number = 0; number < threads; ++number) running.emplace_back(work, number);
}

}  // namespace

TEST_CASE("eight senders through eight databases: every image is kept once", "[storage]") {
    DataFolder node;
    std::atomic<int> fresh = 0;
    on_threads(8, [&](int number) {
        Database db{node.dir / "bucky.db"};
        Intake intake{db, node.spool, node.clock, {}};
        for (int at = 0; at < 10; ++at) {
            const auto name = "1." + std::to_string(number) + '.' + std::to_string(at);
            if (DataFolder::send(intake, node.spool, {.sop_instance = name}).kept ==
                Receipt::Kept::fresh) {
                ++fresh;
            }
        }
    });
    CHECK(fresh == 80);
    CHECK(node.studies.instances(kStudy).size() == 80);
    CHECK(node.studies.line(kStudy)->pending == 80);
    CHECK(node.files().size() == 80);
}

TEST_CASE("the same image on eight associations at once is fresh on one and again on the others",
          "[storage]") {
    DataFolder node;
    std::atomic<int> fresh = 0;
    std::atomic<int> again = 0;  // Catch's own CHECK is for one thread
    on_threads(8, [&](int) {
        Database db{node.dir / "bucky.db"};
        Intake intake{db, node.spool, node.clock, {}};
        for (int image = 0; image < 5; ++image) {
            const auto receipt = DataFolder::send(intake, node.spool,
                                                  {.sop_instance = "1." + std::to_string(image)});
            if (receipt.kept == Receipt::Kept::fresh) ++fresh;
            if (receipt.kept == Receipt::Kept::again) ++again;
        }
    });
    CHECK(fresh == 5);
    CHECK(again == 35);
    CHECK(node.files().size() == 5);
    CHECK(node.studies.line(kStudy)->pending == 5);
}

TEST_CASE("no two workers are ever given the same job", "[storage]") {
    DataFolder node;
    for (int at = 0; at < 40; ++at) node.send({.sop_instance = "1." + std::to_string(at)});
    std::mutex guard;
    std::vector<std::string> claimed;
    on_threads(4, [&](int) {
        Database db{node.dir / "bucky.db"};
        JobQueue jobs{db, node.clock};
        while (const auto job = jobs.claim("infer", 60'000)) {
            const std::lock_guard lock(guard);
            claimed.push_back(job->subject);
        }
    });
    CHECK(claimed.size() == 40);
    std::sort(claimed.begin(), claimed.end());
    CHECK(std::adjacent_find(claimed.begin(), claimed.end()) == claimed.end());
}

TEST_CASE("writers of one process take turns: none ever finds the file busy", "[storage]") {
    DataFolder node;
    std::atomic<int> written = 0;
    on_threads(8, [&](int) {
        Database db{node.dir / "bucky.db"};
        // SQLite would now answer "busy" at once to who comes while another one writes
        db.prepare({"test.impatient", "PRAGMA busy_timeout = 0"}).run();
        Journal journal{db, node.clock};
        for (int at = 0; at < 50; ++at) {
            try {
                journal.write("1.1", "", "x", "");
                ++written;
            } catch (const Error&) {  // counted by its absence
            }
        }
    });
    CHECK(written == 400);
    CHECK(node.journal.of_study("1.1").size() == 400);
}

TEST_CASE("threads that open a new database at once find it made once and whole", "[storage]") {
    const bucky::test::TempDir dir;
    std::atomic<int> opened = 0;
    on_threads(8, [&](int) {
        Database db{dir / "bucky.db"};
        Database::Transaction transaction{db};
        transaction.commit();
        ++opened;
    });
    CHECK(opened == 8);
}

}  // namespace bucky::storage::test
