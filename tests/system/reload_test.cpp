// SPDX-License-Identifier: Apache-2.0
// The config changes under load: nothing is lost, no caller is rejected, and a bad file changes
// nothing.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/ledger.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// A [[destination]] as RunningNode writes it.
std::string section(const Destination& pacs) {
    return "[[destination]]\nname = \"" + pacs.name + "\"\nae_title = \"" + pacs.ae_title +
           "\"\nhost = \"127.0.0.1\"\nport = " + std::to_string(pacs.port) + "\n";
}

void check_says(const Finished& command, int status, const std::string& words) {
    INFO(command.output);
    CHECK(command.status == status);
    CHECK(command.output.find(words) != std::string::npos);
}

/// Senders that send again and again, each with its own images, until they are stopped.
class Load {
public:
    Load(const std::filesystem::path& dir, int port) {
        for (std::uint64_t sender = 0; sender < 2; ++sender) {
            std::filesystem::create_directories(dir / std::to_string(sender));
            threads_.emplace_back([this, port, sender, folder = dir / std::to_string(sender)] {
                for (std::uint64_t round = 0; !is_over_ || round < 2; ++round) {
                    send(port, folder, 1000 * (sender + 1) + 3 * round);
                }
            });
        }
    }
    ~Load() { end(); }

    /// The SOP Instance UID and status of every image that was sent.
    const std::map<std::string, int>& end() {
        is_over_ = true;
        for (auto& thread : threads_) {
            if (thread.joinable()) thread.join();
        }
        return statuses_;
    }
    int refused() const { return refused_; }
    int sent() const { return sent_; }

private:
    /// Three images over one association; an image without an answer counts as refused.
    void send(int port, const std::filesystem::path& folder, std::uint64_t seed) {
        std::vector<std::filesystem::path> files;
        for (std::uint64_t at = 0; at < 3; ++at) {
            files.push_back(
                write_xray(folder, {.seed = seed + at, .rows = 256, .columns = 256}).file);
        }
        const auto sent = dcmsend(port, files);
        sent_ += 3;
        if (!sent.all_accepted() || sent.status.size() != files.size()) ++refused_;
        const std::lock_guard lock(mutex_);
        statuses_.insert(sent.status.begin(), sent.status.end());
    }

    std::atomic<bool> is_over_ = false;
    std::atomic<int> refused_ = 0, sent_ = 0;
    std::mutex mutex_;
    std::map<std::string, int> statuses_;
    std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("a reload under load loses nothing, rejects nobody, and sends to new destinations",
          "[system][reload]") {
    const TempDir dir;
    const FakePacs first;
    const FakePacs second;
    RunningNode node{{.destinations = {first.destination()}}};
    const auto config = node.config_file();
    const auto before = text_of(config);
    auto added = second.destination();
    added.name = "second";

    Load load{dir.path(), node.dicom_port()};
    check_says(node.bucky({"config", "diff"}), 0, "runs with what the file says");
    std::ofstream{config} << before + section(added) + "[overlay]\nlonger_side_px = 1024\n";
    check_says(node.bucky({"config", "diff"}), 1, "overlay.longer_side_px: 1280 -> 1024");
    check_says(node.bucky({"reload"}), 0, "+ destination.second.port");
    check_says(node.bucky({"config", "diff"}), 0, "");
    for (const auto* more : {"[log]\nmodules = [\"association=debug\"]\n", "[log]\n"}) {
        std::ofstream{config} << before + section(added) + more;
        check_says(node.bucky({"reload"}), 0, "in force");
    }
    const int already = load.sent();  // some must come after the last reload, too
    CHECK(poll_until([&] { return load.sent() > already; }, 120s));
    const auto statuses = load.end();

    CHECK(load.refused() == 0);
    CHECK(static_cast<int>(statuses.size()) == load.sent());
    CHECK(std::all_of(statuses.begin(), statuses.end(),
                      [](const auto& one) { return one.second == 0x0000; }));
    Ledger ledger{node.data_dir()};
    CHECK(poll_until([&] { return ledger.open_work().empty(); }, 300s));
    for (const auto& [sop, status] : statuses) CHECK(ledger.result_of(sop));
    CHECK(first.stored().size() >= statuses.size());  // at least one report per image
    CHECK_FALSE(second.stored().empty());
    CHECK(node.stop() == 0);
}

TEST_CASE("a reload is whole or refused: what stands, who may call, what waits for a restart",
          "[system][reload]") {
    RunningNode node;
    const auto config = node.config_file();
    const auto before = text_of(config);

    // Refused by the command before the node is asked, and by the node itself after a signal.
    std::ofstream{config} << before + "[scp2]\n[log]\nlevel = \"loud\"\n";
    check_says(node.bucky({"reload"}), 2, "log.level");
    node.process().signal(SIGHUP);
    CHECK(node.logged("reload.refused"));
    CHECK(echo(node.dicom_port()) == 0);

    // Changed permissions apply to the next association.
    std::ofstream{config} << before + "[[peer]]\nae_title = \"SOMEBODY\"\n";
    check_says(node.bucky({"reload"}), 0, "+ peer.1.ae_title: \"SOMEBODY\"");
    CHECK(echo(node.dicom_port()) != 0);

    auto moved = before;
    moved.replace(moved.find("port = 0"), 8, "port = 9");
    std::ofstream{config} << moved;
    check_says(node.bucky({"reload"}), 0, "only a restart takes up: scp.port");
    check_says(node.bucky({"config", "diff"}), 1, "scp.port: 0 -> 9");
    check_says(node.bucky({"config", "show"}), 0, "port = 9  # bucky.toml:");
    CHECK(echo(node.dicom_port()) == 0);
    CHECK(node.stop() == 0);
    check_says(node.bucky({"reload"}), 1, "no node runs");
}

TEST_CASE("a reload that cannot make its workers is refused, and those that are there go on",
          "[system][reload]") {
    const TempDir dir;
    RunningNode node;
    const auto results = node.data_dir() / "results";
    std::filesystem::rename(results, dir / "results");
    std::ofstream{results} << "no folder";  // workers keep results in it: none can be made
    node.process().signal(SIGHUP);
    CHECK(node.logged("reload.refused"));
    std::filesystem::remove(results);
    std::filesystem::rename(dir / "results", results);
    CHECK(node.running());
    const auto ready = [&] { return node.get("/readyz").find("ready") != std::string::npos; };
    CHECK(poll_until(ready, 60s));
    const auto xray = write_xray(dir.path(), {.seed = 91, .rows = 256, .columns = 256});
    CHECK(poll_until([&] { return node.store(xray.file) == 0x0000; }, 60s));
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
    CHECK(node.stop() == 0);
}
