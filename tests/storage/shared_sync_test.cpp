// SPDX-License-Identifier: Apache-2.0
#include "storage/shared_sync.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <thread>

#include "conf/base/error.h"
#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"
#include "tests/storage/faulty_calls.h"
#include "tests/storage/faulty_disk.h"

namespace bucky::storage::test {
namespace {

/// A folder whose commits are synced, as on a node.
struct SyncedFolder : DataFolder {
    SyncedFolder() { db.prepare({"test.syncs", "PRAGMA synchronous = NORMAL"}).run(); }
};

std::string image(int number) {
    return "1." + std::to_string(number);
}

}  // namespace

TEST_CASE("one sync serves all commits before it began, and none after", "[storage]") {
    SharedSync log;
    std::promise<void> first_began, others_wrote;
    std::atomic<int> syncs = 0;
    const auto sync = [&](bool) {
        if (++syncs == 1) {
            first_began.set_value();
            others_wrote.get_future().wait();
        }
    };
    std::jthread leader{[&] { log.until_durable(log.written(), sync); }};
    first_began.get_future().wait();
    std::vector<std::uint64_t> tickets;  // written during the first sync, which may miss them
    for (int other = 0; other < 7; ++other) tickets.push_back(log.written());
    std::vector<std::jthread> others;
    for (const auto ticket : tickets) {
        others.emplace_back([&, ticket] { log.until_durable(ticket, sync); });
    }
    others_wrote.set_value();
    others.clear();  // joins the threads
    leader.join();
    CHECK(syncs == 2);
}

TEST_CASE("a failed sync is reported to the thread that ran it, and the next one does not trust it",
          "[storage]") {
    SharedSync log;
    std::vector<bool> doubts;
    const auto fails = [&](bool doubtful) {
        doubts.push_back(doubtful);
        throw Error(Fault::unavailable, "EIO");
    };
    const auto works = [&](bool doubtful) { doubts.push_back(doubtful); };
    const auto one = log.written();
    const auto other = log.written();
    CHECK(thrown_by([&] { log.until_durable(one, fails); }) == Fault::unavailable);
    CHECK(thrown_by([&] { log.until_durable(other, fails); }) == Fault::unavailable);
    log.until_durable(other, works);
    log.until_durable(one, works);  // covered by the same sync
    log.until_durable(log.written(), works);
    CHECK(doubts == std::vector<bool>{false, true, true, false});
}

TEST_CASE("when a receive returns, every byte of its commit has been synced", "[storage]") {
    const FaultyDisk disk;
    SyncedFolder node;
    for (int at = 0; at < 20; ++at) {
        node.send({.sop_instance = image(at)});
        CHECK(FaultyDisk::unsynced_log_writes == 0);
    }
    CHECK(FaultyDisk::log_syncs >= 20);
    SECTION(
        "the same holds for a statement outside a transaction, also after one in the same scope") {
        Database::Transaction over(node.db);
        over.commit();
        node.db.prepare({"test.alone", "UPDATE study SET accession_number = 'A'"}).run();
        CHECK(FaultyDisk::unsynced_log_writes == 0);
    }
}

TEST_CASE("an image whose commit could not be synced is not answered, and comes again",
          "[storage]") {
    const FaultyDisk disk;
    SyncedFolder node;
    node.send({.sop_instance = image(0)});
    FaultyDisk::failing_log_syncs = 1;
    CHECK(thrown_by([&] { node.send({.sop_instance = image(1)}); }) == Fault::unavailable);
    CHECK(node.files().size() == 2);  // its row may be durable, and then needs its file

    SECTION("the next answer waits until the whole log is copied and synced elsewhere") {
        const int before = FaultyDisk::file_syncs;
        CHECK(node.send({.sop_instance = image(1)}).kept == Receipt::Kept::again);
        CHECK(FaultyDisk::file_syncs > before);
        CHECK(node.send({.sop_instance = image(2)}).kept == Receipt::Kept::fresh);
    }
    SECTION("no sender is answered while that fails as well") {
        FaultyDisk::failing_file_syncs = 1;
        CHECK(thrown_by([&] { node.send({.sop_instance = image(2)}); }) == Fault::unavailable);
        CHECK(node.send({.sop_instance = image(2)}).kept == Receipt::Kept::again);
    }
    CHECK(node.files().size() == static_cast<std::size_t>(node.instance_rows()));
}

TEST_CASE("a full or broken disk under the database costs only one image, at every write",
          "[storage]") {
    for (const auto& [code, fault] : {std::pair{SQLITE_FULL, Fault::exhausted},
                                      std::pair{SQLITE_IOERR_WRITE, Fault::unavailable}}) {
        const FaultyDisk disk;
        SyncedFolder node;
        node.send({.sop_instance = image(0)});
        FaultyDisk::fails_with = code;
        int refused = 0;
        for (int at = 1; at <= 10; ++at) {
            FaultyDisk::failing_writes = 1;
            const auto thrown = thrown_by([&] { node.send({.sop_instance = image(at)}); });
            INFO(thrown);
            CHECK(thrown == fault);
            ++refused;
            FaultyDisk::failing_writes = 0;
            CHECK(node.send({.sop_instance = image(100 + at)}).kept == Receipt::Kept::fresh);
        }
        CHECK(node.instance_rows() == 11);
        CHECK(node.studies.line(kStudy)->pending == 11);
        // a commit that the disk did not take as a whole may leave its file to recover()
        const auto recovered = recover(node.db, node.dir.path(), node.clock);
        CHECK(node.files().size() == static_cast<std::size_t>(11 + recovered.images_found));
    }
}

TEST_CASE("a sender whose disk calls fail does not fail its neighbours' commits", "[storage]") {
    SyncedFolder node;
    std::atomic<int> fresh = 0, failed = 0;
    {
        std::vector<std::jthread> senders;
        for (int sender = 0; sender < 8; ++sender) {
            senders.emplace_back([&, sender] {
                FaultyCalls calls;
                Database db{node.dir / "bucky.db"};
                Spool spool{node.dir / "spool", 0, calls.table()};
                Intake intake{db, spool, node.clock, {}};
                for (int at = 0; at < 10; ++at) {
                    if (sender == 0) FaultyCalls::fail(4, EIO);  // the fdatasync of the file
                    const auto name = "1." + std::to_string(sender) + '.' + std::to_string(at);
                    try {
                        DataFolder::send(intake, spool, {.sop_instance = name});
                        ++fresh;
                    } catch (const Error&) {  // counted
                        ++failed;
                    }
                }
            });
        }
    }
    CHECK(fresh == 70);
    CHECK(failed == 10);
    CHECK(node.instance_rows() == 70);
    CHECK(node.files().size() == 70);
}

}  // namespace bucky::storage::test
