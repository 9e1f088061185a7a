// SPDX-License-Identifier: Apache-2.0
// A node is copied while it works and is killed; another node starts from the copy and continues.
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "storage/lane.h"
#include "storage/site.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/ledger.h"
#include "tests/support/part10.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// A sender that sends one image after another until it is stopped.
class Load {
public:
    Load(const std::filesystem::path& dir, int port)
        : thread_([this, dir, port] {
              for (std::uint64_t seed = 1; !is_over_; ++seed) {
                  const auto xray = write_xray(dir, {.seed = seed, .rows = 256, .columns = 256});
                  if (!dcmsend(port, {xray.file}).all_accepted()) continue;
                  const std::lock_guard lock(mutex_);
                  answered_.push_back(xray.uids.sop_instance_uid);
              }
          }) {}
    ~Load() { end(); }

    void end() {
        is_over_ = true;
        if (thread_.joinable()) thread_.join();
    }
    std::vector<std::string> answered() const {
        const std::lock_guard lock(mutex_);
        return answered_;
    }

private:
    std::atomic<bool> is_over_ = false;
    mutable std::mutex mutex_;
    std::vector<std::string> answered_;
    std::thread thread_;
};

/// How often each object came.
std::map<std::string, int> times_stored(const FakePacs& pacs) {
    std::map<std::string, int> times;
    for (const auto& file : pacs.stored()) ++times[read_part10(file).value().sop_instance];
    return times;
}

/// The results whose delivery is done according to a data folder.
std::set<std::string> delivered_in(const std::filesystem::path& data_dir) {
    storage::Database db = storage::Site{data_dir}.open(storage::Database::Mode::existing);
    auto rows = db.prepare({"test.delivered", R"sql(
        SELECT subject FROM job WHERE lane = :lane AND state = 'done')sql"});
    rows.bind(":lane", name_of(storage::Lane::deliver("pacs")));
    std::set<std::string> delivered;
    while (rows.step()) delivered.insert(rows.text(0));
    return delivered;
}

}  // namespace

TEST_CASE(
    "a node under load is backed up, dies, and goes on from the backup: every image that was "
    "answered before is there, and what was delivered is not sent again",
    "[system][backup]") {
    const TempDir dir;
    const FakePacs before;
    const FakePacs after;
    const auto backup = dir / "backup";
    std::vector<std::string> answered;
    {
        RunningNode node{{.destinations = {before.destination()}}};
        std::filesystem::create_directories(dir / "sent");
        Load load{dir / "sent", node.dicom_port()};
        REQUIRE(poll_until([&] { return before.stored().size() >= 4; }, 120s));
        const auto first = node.bucky({"backup", backup.string()});
        INFO(first.output);
        REQUIRE(first.status == 0);
        const auto sent = load.answered().size();
        REQUIRE(poll_until([&] { return load.answered().size() >= sent + 2; }, 120s));

        answered = load.answered();
        const auto second = node.bucky({"backup", backup.string()});  // only what is new is copied
        INFO(second.output);
        REQUIRE(second.status == 0);
        CHECK_THAT(second.output, Catch::Contains(backup.string() + ": the database and "));
        node.kill9();
    }
    const auto delivered = delivered_in(backup);
    CHECK(delivered.size() >= 4);

    const auto restored = dir / "elsewhere";
    std::filesystem::copy(backup, restored, std::filesystem::copy_options::recursive);
    RunningNode node{{.destinations = {after.destination()}, .data_dir = restored}};
    Ledger ledger{restored};
    REQUIRE(poll_until([&] { return ledger.open_work().empty(); }, 300s));
    for (const auto& sop : answered) {
        INFO(sop);
        CHECK(ledger.result_of(sop));
    }
    CHECK(ledger.dangling().empty());
    CHECK(ledger.orphans().empty());
    for (const auto& [sop, times] : times_stored(after)) {
        INFO(sop);
        CHECK(times == 1);
        CHECK_FALSE(delivered.contains(sop));
    }
    CHECK(node.stop() == 0);
}

TEST_CASE("a node does not start on the database of a newer version, and says what to do",
          "[system][backup]") {
    const TempDir dir;
    RunningNode node{{.data_dir = dir / "data"}};
    CHECK(node.stop() == 0);
    {
        storage::Database db = storage::Site{dir / "data"}.open();
        db.prepare({"test.newer", "PRAGMA user_version = 4711"}).run();
    }
    const auto refused = node.bucky({"serve"});
    CHECK(refused.status == 1);
    CHECK_THAT(refused.output, Catch::Contains("run the newer bucky that wrote it, or restore the "
                                               "copy made before the upgrade"));
}
