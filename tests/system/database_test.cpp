// SPDX-License-Identifier: Apache-2.0
// What other processes and users can do to the database of a running node. No acknowledged image is
// lost, and no image is acknowledged that would be lost.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include "tests/support/database_file.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/http.h"
#include "tests/support/ledger.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

namespace fs = std::filesystem;

/// Modalities that send one image after another, each image a separate study.
class Modalities {
public:
    Modalities(std::size_t count, const fs::path& dir, int port) {
        for (std::size_t number = 0; number < count; ++number) {
            threads_.emplace_back([this, number, dir, port](const std::stop_token& stop) {
                for (std::uint64_t sent = 0; !stop.stop_requested(); ++sent) {
                    const auto xray = write_xray(
                        dir, {.seed = 100'000 * (number + 1) + sent, .rows = 160, .columns = 160});
                    if (!dcmsend(port, {xray.file}).all_accepted()) continue;
                    const std::lock_guard lock(mutex_);
                    answered_.insert(xray.uids.sop_instance_uid);
                }
            });
        }
    }
    void end() { threads_.clear(); }
    std::set<std::string> answered() const {
        const std::lock_guard lock(mutex_);
        return answered_;
    }

private:
    mutable std::mutex mutex_;
    std::set<std::string> answered_;
    std::vector<std::jthread> threads_;
};

/// The subcommands that a command lists in its help.
std::vector<std::string> subcommands_of(std::vector<std::string> command) {
    command.insert(command.begin(), bucky_program().string());
    command.emplace_back("--help");
    std::istringstream help{run(command).output};
    std::vector<std::string> names;
    bool is_list = false;
    for (std::string line; std::getline(help, line);) {
        if (line == "Subcommands:") {
            is_list = true;
            continue;
        }
        static const std::regex kName{R"(^  ([a-z-]+)  .*)"};
        std::smatch match;
        if (is_list && std::regex_match(line, match, kName)) names.push_back(match[1]);
    }
    return names;
}

/// Every command of the program, as words; a command with subcommands is included itself.
std::set<std::string> all_commands() {
    std::set<std::string> all;
    for (const auto& name : subcommands_of({})) {
        all.insert(name);
        for (const auto& part : subcommands_of({name})) all.insert(name + ' ' + part);
    }
    return all;
}

/// The call of each command beside a running node.
std::map<std::string, std::vector<std::string>> calls(const RunningNode& node, const fs::path& dir,
                                                      const Xray& image) {
    const auto config = std::vector<std::string>{"--config", node.config_file().string()};
    const auto with = [&](std::vector<std::string> words) {
        words.insert(words.end(), config.begin(), config.end());
        return words;
    };
    const auto model = phantom_model().string();
    const auto file = image.file.string();
    return {
        {"serve", with({"serve"})},  // a second one
        {"status", with({"status"})},
        {"doctor", with({"doctor", "--no-phantom"})},
        {"queue", with({"queue", "--json"})},
        {"queue retry", with({"queue", "retry"})},
        {"queue hold", with({"queue", "hold", "--destination", "pacs"})},
        {"queue release", with({"queue", "release", "--destination", "pacs"})},
        {"queue drop", with({"queue", "drop", "--destination", "gone"})},
        {"queue move", with({"queue", "move", "--destination", "gone", "--to", "pacs"})},
        {"study", {"study"}},
        {"study list", with({"study", "list"})},
        {"study show", with({"study", "show", image.uids.study_uid})},
        {"study retry", with({"study", "retry", image.uids.study_uid})},
        {"echo", with({"echo", "nowhere"})},
        {"send", with({"send", "nowhere", file})},
        {"coverage", with({"coverage"})},
        {"audit", with({"audit", "--folder", dir.string(), "--out", (dir / "audit").string(),
                        "--nice", "0"})},
        {"alert", {"alert"}},
        {"alert test", with({"alert", "test", "team"})},
        {"shadow", {"shadow"}},
        {"shadow report", with({"shadow", "report"})},
        {"archive", {"archive"}},
        {"archive echo", with({"archive", "echo", "nowhere"})},
        {"archive find", with({"archive", "find", "nowhere"})},
        {"archive priors", with({"archive", "priors", "nowhere", image.uids.study_uid})},
        {"archive fetch", with({"archive", "fetch", "nowhere", image.uids.study_uid})},
        {"analyze", {"analyze", file, "--model", model, "--out", (dir / "out").string()}},
        {"explain", with({"explain", file})},
        {"model", {"model"}},
        {"model list", with({"model", "list"})},
        {"model check", {"model", "check", model}},
        {"model fetch", with({"model", "fetch", model})},
        {"model export-triton",
         {"model", "export-triton", model, "--to", (dir / "triton").string()}},
        {"model bench", {"model", "bench", "--help"}},        // uses all cores for long, and
        {"model evaluate", {"model", "evaluate", "--help"}},  // needs no node
        {"config", {"config"}},
        {"config check", with({"config", "check"})},
        {"config show", with({"config", "show"})},
        {"config diff", with({"config", "diff"})},
        {"config example", {"config", "example"}},
        {"config systemd", with({"config", "systemd"})},
        {"reload", with({"reload"})},
        {"join", with({"join", "https://127.0.0.1:9", "--token", "00"})},
        {"site", {"site"}},
        {"site invite", with({"site", "invite", "clinic"})},
        {"site list", with({"site", "list"})},
        {"site show", with({"site", "show", "clinic"})},
        {"site revoke", with({"site", "revoke", "clinic"})},
        {"decisions", {"decisions"}},
        {"decisions export", with({"decisions", "export", "--csv"})},
        {"decisions verify", with({"decisions", "verify"})},
        {"backup", with({"backup", (dir / "backup").string()})},
        {"conformance", with({"conformance"})},
        {"phantom", {"phantom", "--help"}},
        {"manual", {"manual", "bucky.1"}},
    };
}

bool holds_lock(RunningNode& node) {
    struct stat found {};
    REQUIRE(::stat(database_file(node.data_dir()).c_str(), &found) == 0);
    const std::regex kLock{" " + std::to_string(node.process().pid()) +
                           " [0-9a-f:]+:" + std::to_string(found.st_ino) + " "};
    std::ifstream locks{"/proc/locks"};
    for (std::string line; std::getline(locks, line);) {
        if (std::regex_search(line, kLock)) return true;
    }
    return false;
}

std::string ready_words(RunningNode& node) {
    return output_of("curl -s http://127.0.0.1:" + std::to_string(node.admin_port()) + "/readyz");
}

}  // namespace

TEST_CASE("every command, and SQLite's own shell, beside a node under load: kill -9 loses nothing",
          "[system][database]") {
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 1, .rows = 256, .columns = 256});
    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    REQUIRE(node.store(xray.file) == 0x0000);
    const auto known = calls(node, dir.path(), xray);
    std::set<std::string> names;
    for (const auto& [name, words] : known) names.insert(name);
    CHECK(names == all_commands());  // a new command needs its call above

    fs::create_directories(dir / "sent");
    Modalities modalities{12, dir / "sent", node.dicom_port()};
    const auto look = [&](const std::string& after) {
        INFO(after);
        CHECK(holds_lock(node));
        for (const auto* suffix : {"", "-wal", "-shm"}) {
            CHECK(fs::exists(database_file(node.data_dir(), suffix)));
        }
    };
    for (auto [name, words] : known) {
        words.insert(words.begin(), bucky_program().string());
        (void)run(words);
        look(name);
    }
    for (const auto* sql : {"SELECT count(*) FROM instance", "PRAGMA wal_checkpoint(TRUNCATE)",
                            "PRAGMA journal_mode = DELETE", "PRAGMA quick_check"}) {
        (void)sqlite(database_file(node.data_dir()), sql);
        look(sql);
    }
    const auto enough = modalities.answered().size() + 12;
    CHECK(poll_until([&] { return modalities.answered().size() >= enough; }, 60s));
    node.process().signal(SIGKILL);
    (void)node.process().wait(10s);
    modalities.end();

    CHECK(sqlite(database_file(node.data_dir()), "PRAGMA integrity_check").output == "[('ok',)]\n");
    node.restart();
    const auto rows = sqlite(database_file(node.data_dir()), "SELECT sop_instance FROM instance");
    std::size_t lost = 0;
    const auto answered = modalities.answered();
    for (const auto& sop : answered) {
        lost += rows.output.find('\'' + sop + '\'') == std::string::npos ? 1 : 0;
    }
    INFO(answered.size() << " images were answered");
    CHECK(lost == 0);
    CHECK(node.bucky({"status"}).output.find("database") == std::string::npos);
}

TEST_CASE("a node whose database is deleted, replaced, cut or damaged refuses images and says so",
          "[system][database]") {
    const auto* harm = GENERATE("delete", "delete -wal", "replace", "cut", "damage");
    INFO(harm);
    const TempDir dir;
    RunningNode node;
    const auto file =
        database_file(node.data_dir(), std::string_view{harm}.ends_with(" -wal") ? "-wal" : "");
    const auto first = write_xray(dir.path(), {.seed = 1, .rows = 256, .columns = 256});
    const auto second = write_xray(dir.path(), {.seed = 2, .rows = 256, .columns = 256});
    REQUIRE(node.store(first.file) == 0x0000);
    CHECK_FALSE(node.verdict_line(first.uids.sop_instance_uid).empty());
    REQUIRE(ready_words(node).find("ready") == 0);
    (void)sqlite(database_file(node.data_dir()), "PRAGMA wal_checkpoint(TRUNCATE)");

    const auto size = fs::file_size(file);
    switch (harm[0]) {
        case 'r':
            fs::copy_file(file, file.string() + ".copy");
            fs::rename(file.string() + ".copy", file);
            break;
        case 'c': fs::resize_file(file, size / 2); break;
        default:
            if (std::string{harm}.starts_with("damage")) {
                std::ofstream{file, std::ios::in | std::ios::binary} << std::string(size, 'x');
            } else {
                fs::remove(file);
            }
    }
    // SQLite's cached pages of a damaged file may be enough for one more image: its file is stored
    // anyway.
    if (!std::string{harm}.starts_with("damage")) CHECK(node.store(second.file) == 0xA700);
    const auto named = file.string() + " ";
    CHECK(poll_until([&] { return ready_words(node).find(named) != std::string::npos; }, 5s));
    CHECK(node.get("/metrics").find("bucky_database_sound 0") != std::string::npos);
    const auto status = node.bucky({"status"});
    CHECK(status.status == 1);
    CHECK_THAT(status.output, Contains("! " + named));
    CHECK(node.logged(" database.trouble ", 1s));
    CHECK(node.running());
    CHECK(node.store(second.file) == 0xA700);
}
