// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/world.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/crash/demands.h"
#include "tests/support/database_file.h"
#include "tests/support/http.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"

namespace bucky::test {
namespace {

namespace fs = std::filesystem;

constexpr auto kPython = "/usr/bin/python3";
constexpr auto kStopsWithin = 60s;
constexpr auto kCommandsEndWithin = 90s;
constexpr auto kAnsweredWithin = 120s;
constexpr auto kQuietWithin = 180s;
constexpr std::size_t kLogLines = 40;

/// Another program with the database: a read transaction that stays open for a while.
constexpr auto kReader = R"py(
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=30)
db.execute("BEGIN")
db.execute("SELECT count(*) FROM instance").fetchone()
time.sleep(int(sys.argv[2]) / 1000)
db.execute("COMMIT")
db.close()
)py";

struct Address {
    const char* name;
    std::vector<std::string> called;  ///< AE titles whose results go there
    const char* more;                 ///< further lines of its [[destination]]
    bool pictures;
};

const std::array<Address, kDestinations>& addresses() {
    static const std::array<Address, kDestinations> all{
        Address{"pacs", {kNobody}, "commitment = true\ncommitment_timeout_s = 1\n", true},
        Address{"archive", {kNobody}, "send = [\"sr\"]\n", false},
        Address{"north", {kNorth}, "", true},
        Address{"south", {kSouth}, "response_timeout_s = 2\n", true}};
    return all;
}

NodeOptions node_options(const std::array<FakePacs, kDestinations>& pacs,
                         const Environment& environment) {
    NodeOptions options;
    for (std::size_t at = 0; at < pacs.size(); ++at) {
        auto destination = pacs[at].destination();
        destination.name = addresses()[at].name;
        destination.more = addresses()[at].more;
        options.destinations.push_back(destination);
    }
    options.more = "[overlay]\nlonger_side_px = 256\n";
    for (const auto* title : {kNorth, kSouth}) {
        std::string name = title;
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return static_cast<char>(c | 0x20); });
        options.more +=
            fmt::format("[[tenant]]\nae_title = \"{}\"\ndestinations = [\"{}\"]\n", title, name);
    }
    options.environment = environment;
    return options;
}

std::int64_t* mapped_step(const fs::path& file) {
    std::ofstream{file, std::ios::binary} << std::string(sizeof(std::int64_t), '\0');
    const int fd = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
    void* at = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    if (at == MAP_FAILED) throw std::runtime_error("cannot map " + file.string());
    return static_cast<std::int64_t*>(at);
}

}  // namespace

struct World::Beside {
    std::string name;
    Process process;
    fs::path backup;                             ///< folder of the command `backup`
    std::vector<AnsweredImage> answered_before;  ///< images that it must hold
};

World::World(Walk walk)
    : walk_(std::move(walk)),
      step_ms_(mapped_step(dir_ / "clock")),
      environment_{{"LD_PRELOAD", BUCKY_STEPPED_CLOCK},
                   {"BUCKY_CLOCK_STEP", (dir_ / "clock").string()}},
      node_(node_options(pacs_, environment_)),
      traffic_(std::make_unique<Traffic>(walk_.seed, dir_ / "images")) {}

World::~World() {
    traffic_.reset();
    ::munmap(step_ms_, sizeof(std::int64_t));
}

Outcome World::run() {
    const auto started = part_began_ = std::chrono::steady_clock::now();
    traffic_->node_listens_at(node_.dicom_port());
    traffic_->begin();
    try {
        for (const auto& event : walk_.events) {
            std::this_thread::sleep_for(std::chrono::milliseconds{event.pause_ms});
            happen(event);
        }
        ended("events");
        bring_back();
        check();
        ended("checks");
    } catch (const std::exception& error) {
        complain(error.what());
    }
    if (!outcome_.complaints.empty()) keep_log();
    outcome_.images = traffic_->answered().size();
    outcome_.sent_again = traffic_->sent_again();
    outcome_.took = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::steady_clock::now() - started);
    return std::move(outcome_);
}

void World::happen(const Event& event) {
    switch (event.kind) {
        case EventKind::kill: return kill_node(event.value);
        case EventKind::stop: stop_node(); return start_node();
        case EventKind::freeze: return node_.process().signal(SIGSTOP);
        case EventKind::thaw: return node_.process().signal(SIGCONT);
        case EventKind::queue_retry:
        case EventKind::study_retry:
        case EventKind::backup:
        case EventKind::reload:
        case EventKind::status:
        case EventKind::study_list:
        case EventKind::sqlite_select:
        case EventKind::sqlite_hold: return beside(event);
        case EventKind::pacs_kill:
        case EventKind::pacs_start:
        case EventKind::pacs_freeze:
        case EventKind::pacs_thaw: return to_pacs(event);
        case EventKind::clock_step: *step_ms_ += event.value * 1000; return;
    }
}

void World::beside(const Event& event) {
    const auto config = node_.config_file().string();
    const auto bucky = [&](std::vector<std::string> words) {
        words.insert(words.begin(), bucky_program().string());
        words.insert(words.end(), {"--config", config});
        return words;
    };
    const auto database = database_file(node_.data_dir()).string();
    switch (event.kind) {
        case EventKind::queue_retry: return run_beside("queue retry", bucky({"queue", "retry"}));
        case EventKind::status: return run_beside("status", bucky({"status"}));
        case EventKind::study_list: return run_beside("study list", bucky({"study", "list"}));
        case EventKind::sqlite_select:
            return run_beside("sqlite select", {kPython, "-c", kReader, database, "0"});
        case EventKind::sqlite_hold:
            return run_beside("sqlite hold",
                              {kPython, "-c", kReader, database, std::to_string(event.value)});
        case EventKind::study_retry: {
            const auto study =
                traffic_->last_study(static_cast<std::size_t>(event.value) % kSenders);
            if (study.empty()) return;
            return run_beside("study retry", bucky({"study", "retry", study}));
        }
        case EventKind::backup: {
            const auto to = dir_ / fmt::format("backup-{}", commands_.size());
            return run_beside("backup", bucky({"backup", to.string()}), to);
        }
        default: break;
    }
    // A reload: the changed table is at the end of the file.
    std::ifstream in{config};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    text.erase(std::min(text.find("[log]\n"), text.size()));
    if (event.value % 2 != 0) text += "[log]\nmodules = [\"association=warning\"]\n";
    std::ofstream{config} << text;
    run_beside("reload", bucky({"reload"}));
}

void World::to_pacs(const Event& event) {
    auto& pacs = pacs_.at(static_cast<std::size_t>(event.value) % kDestinations);
    switch (event.kind) {
        case EventKind::pacs_kill: return pacs.kill9();
        case EventKind::pacs_start: return pacs.start_again();
        case EventKind::pacs_freeze: return pacs.signal(SIGSTOP);
        default: return pacs.signal(SIGCONT);
    }
}

void World::run_beside(const std::string& name, std::vector<std::string> command,
                       const fs::path& backup) {
    commands_.push_back({name, Process{command, environment_}, backup,
                         backup.empty() ? std::vector<AnsweredImage>{} : traffic_->answered()});
}

/// Only the test may end it.
void World::expect_running() {
    const auto ended = node_.process().wait(0ms);
    if (ended) complain(fmt::format("the node ended by itself: {}", *ended));
}

void World::kill_node(std::int64_t second_death_ms) {
    expect_running();
    ++outcome_.kills;
    traffic_->node_listens_at(0);
    node_.process().signal(SIGKILL);
    (void)node_.process().wait(kStopsWithin);
    keep_log();
    if (second_death_ms > 0) {
        node_.die_starting(std::chrono::milliseconds{second_death_ms}, environment_);
        keep_log();
    }
    start_node();
}

void World::stop_node() {
    expect_running();
    node_.process().signal(SIGCONT);
    traffic_->node_listens_at(0);
    node_.process().signal(SIGTERM);
    const auto status = node_.process().wait(kStopsWithin);
    if (status != 0) {
        complain(fmt::format("SIGTERM: the node ended with {}", status.value_or(kStopped)));
    }
    keep_log();
}

void World::start_node() {
    node_.restart(environment_);
    traffic_->node_listens_at(node_.dicom_port());
}

void World::ended(const char* part) {
    const auto now = std::chrono::steady_clock::now();
    outcome_.times += fmt::format("{}{} {} s", outcome_.times.empty() ? "" : ", ", part,
                                  (now - part_began_) / 1s);
    part_began_ = now;
}

void World::keep_log() {
    auto& log = outcome_.log;
    for (const auto& line : node_.process().lines()) {
        if (line.find(" info ") == std::string::npos) log.push_back(line);
    }
    if (log.size() > kLogLines) log.erase(log.begin(), log.end() - kLogLines);
}

/// Everything runs and answers again, the clock is right, and the senders finish what they have
/// begun.
void World::bring_back() {
    node_.process().signal(SIGCONT);
    *step_ms_ = 0;
    for (auto& pacs : pacs_) {
        pacs.signal(SIGCONT);
        pacs.start_again();
    }
    if (!traffic_->end(kAnsweredWithin)) complain("images were not answered in the end");
    ended("answers");
    end_commands();
    ended("commands");
    wait_until_quiet();
    ended("quiet");
}

void World::end_commands() {
    for (auto& command : commands_) {
        const auto status = command.process.wait(kCommandsEndWithin);
        const auto said = command.process.output();
        if (!status) {
            complain(command.name + " does not end");
        } else if (*status < 0 || said.find("malformed") != std::string::npos) {
            complain(fmt::format("{} ended with {}: {}", command.name, *status, said));
        } else if (*status == 0 && !command.backup.empty()) {
            check_backup(command);
        }
    }
}

void World::check_backup(const Beside& command) {
    for (auto& words : test::check_backup(command.backup, command.answered_before)) {
        complain(std::move(words));
    }
    fs::remove_all(command.backup);
}

void World::wait_until_quiet() {
    Complaints open;
    const auto at_most = kQuietWithin + outcome_.kills * 2s;
    const bool quiet =
        poll_until([&] { return (open = still_open(node_.data_dir())).empty(); }, at_most);
    if (quiet) return;
    for (const auto& one : open) complain("still open: " + one);
}

/// It is content. That the clock was set it says for an hour, and that the clock is earlier than
/// its newest row until another is written.
void World::check_status() {
    constexpr std::string_view kOfTheClock = "! the clock of this machine ";
    std::istringstream lines{node_.bucky({"status"}).output};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("! ") && !line.starts_with(kOfTheClock)) complain("status: " + line);
    }
}

void World::check() {
    const auto answered = traffic_->answered();
    const auto take = [&](Complaints complaints) {
        for (auto& words : complaints) complain(std::move(words));
    };
    check_status();
    take(traffic_->complaints());
    stop_node();
    start_node();  // a start removes what a crash left
    stop_node();
    take(check_kept(node_.data_dir(), answered));
    take(check_folder(node_.data_dir()));
    for (std::size_t at = 0; at < pacs_.size(); ++at) {
        const auto& address = addresses()[at];
        Told told{address.name, address.called, address.pictures, pacs_[at].stored()};
        outcome_.told += told.files.size();
        take(check_told(told, answered));
    }
}

}  // namespace bucky::test
