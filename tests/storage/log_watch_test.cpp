// SPDX-License-Identifier: Apache-2.0
// A process that leaves a read transaction open in a node's database.
#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "storage/log_watch.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

using namespace std::chrono_literals;
using Catch::Contains;

/// A shell that has read from the database and was left open.
class LeftOpen {
public:
    explicit LeftOpen(const std::filesystem::path& database)
        : shell_(::popen(("exec /usr/bin/python3 -c \"\n"
                          "import os, sqlite3, time\n"
                          "db = sqlite3.connect('" +
                          database.string() +
                          "', isolation_level=None)\n"
                          "db.execute('BEGIN'); db.execute('SELECT 1 FROM journal').fetchall()\n"
                          "print(os.getpid(), flush=True); time.sleep(600)\"")
                             .c_str(),
                         "r")) {
        std::array<char, 32> line{};
        REQUIRE(std::fgets(line.data(), line.size(), shell_) != nullptr);
        process_ = std::stoi(line.data());
    }
    ~LeftOpen() { end(); }

    int process() const { return process_; }
    void end() {
        if (shell_ == nullptr) return;
        ::kill(process_, SIGKILL);
        ::pclose(shell_);
        shell_ = nullptr;
    }

private:
    FILE* shell_;
    int process_ = 0;
};

void write_much(DataFolder& node, int transactions) {
    for (int at = 0; at < transactions; ++at) {
        Database::Transaction transaction{node.db};
        for (int entry = 0; entry < 100; ++entry) {
            node.journal.write(kStudy, std::to_string(entry), JournalEvent::image_shadow,
                               std::string(3000, 'x'));
        }
        transaction.commit();
    }
}

}  // namespace

TEST_CASE("a process that keeps a read transaction open is reported by name after a minute",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    LogWatch watch{Site{node.dir.path()}};
    const auto now = std::chrono::steady_clock::now();
    CHECK(watch.look(now).empty());
    LeftOpen shell{node.dir / "bucky.db"};
    CHECK(watch.look(now + 1s).empty());
    CHECK(watch.look(now + 60s).empty());
    const auto told = watch.look(now + 190s);
    REQUIRE(told.size() == 1);
    CHECK_THAT(told[0], Contains("process " + std::to_string(shell.process()) + " (python3)") &&
                            Contains((node.dir / "bucky.db-wal").string() + " grows"));
    shell.end();
    CHECK(watch.look(now + 191s).empty());
}

TEST_CASE("the log is bounded again once the reader has left", "[storage]") {
    constexpr std::uintmax_t kBound = 140'000'000;  // twice a full log
    DataFolder node;
    const auto log = node.dir / "bucky.db-wal";
    {
        const LeftOpen shell{node.dir / "bucky.db"};
        while (std::filesystem::file_size(log) <= kBound) write_much(node, 20);
    }
    write_much(node, 150);
    CHECK(std::filesystem::file_size(log) <= kBound);
    CHECK(node.db.troubles().empty());
}

}  // namespace bucky::storage::test
