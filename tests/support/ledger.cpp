// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ledger.h"

#include <algorithm>

#include "conf/base/clock.h"
#include "inference/findings_json.h"
#include "storage/site.h"

namespace bucky::test {
namespace {

namespace fs = std::filesystem;

constexpr storage::Sql kResult{"test.result", R"sql(
    SELECT result_json FROM instance
     WHERE sop_instance = :sop_instance AND conflicting = 0 AND verdict <> '')sql"};
constexpr storage::Sql kOfStudy{"test.of_study",
                                "SELECT sop_instance FROM result WHERE study = :study"};
constexpr storage::Sql kLeft{"test.left",
                             "SELECT 1 FROM journal WHERE study = :study AND event = 'study.left'"};
constexpr storage::Sql kUnreported{"test.unreported", R"sql(
    SELECT key, state, pending FROM study WHERE state <> 'reported' ORDER BY key LIMIT 3)sql"};
constexpr storage::Sql kSpooled{"test.spooled", "SELECT file FROM instance"};
constexpr storage::Sql kResults{"test.results", "SELECT file FROM result"};

std::vector<std::string> files_below(const fs::path& folder) {
    std::vector<std::string> files;
    if (!fs::exists(folder)) return files;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    return files;
}

}  // namespace

Ledger::Ledger(fs::path data_dir)
    : data_dir_(std::move(data_dir)),
      db_(storage::Site{data_dir_}.open(storage::Database::Mode::read_only)) {}

std::optional<inference::ImageResult> Ledger::result_of(const std::string& sop_instance) {
    auto row = db_.prepare(kResult);
    row.bind(":sop_instance", sop_instance);
    if (!row.step()) return std::nullopt;
    return inference::from_json(row.text(0));
}

std::vector<std::string> Ledger::open_work() {
    const SystemClock clock;
    std::vector<std::string> open;
    for (auto row = db_.prepare(kUnreported); row.step();) {
        open.push_back("study " + row.text(0) + " is " + row.text(1) + ", " +
                       std::to_string(row.integer(2)) + " images pending");
    }
    for (const auto& lane : storage::JobQueue{db_, clock}.backlog()) {
        const auto say = [&](const char* state, std::int64_t jobs) {
            if (jobs == 0) return;
            open.push_back(name_of(lane.lane) + ' ' + state + ' ' + std::to_string(jobs) + " (" +
                           lane.last_error + ')');
        };
        say("ready", lane.ready);
        say("running", lane.running);
        say("parked", lane.parked);
    }
    return open;
}

std::vector<std::string> Ledger::results_of(const std::string& study) {
    std::vector<std::string> results;
    auto row = db_.prepare(kOfStudy);
    row.bind(":study", study);
    while (row.step()) results.push_back(row.text(0));
    return results;
}

bool Ledger::has_left(const std::string& study) {
    auto row = db_.prepare(kLeft);
    return row.bind(":study", study).step();
}

std::vector<std::string> Ledger::files_named_by(const storage::Sql& sql, const fs::path& folder) {
    std::vector<std::string> files;
    for (auto row = db_.prepare(sql); row.step();) files.push_back((folder / row.text(0)).string());
    return files;
}

std::vector<std::string> Ledger::orphans() {
    std::vector<std::string> there = files_below(data_dir_ / "spool");
    for (auto& file : files_below(data_dir_ / "results")) there.push_back(std::move(file));
    auto named = files_named_by(kSpooled, data_dir_ / "spool");
    for (auto& file : files_named_by(kResults, data_dir_ / "results")) {
        named.push_back(std::move(file));
    }
    std::erase_if(there, [&](const std::string& file) {
        return std::find(named.begin(), named.end(), file) != named.end();
    });
    return there;
}

std::vector<std::string> Ledger::dangling() {
    auto named = files_named_by(kSpooled, data_dir_ / "spool");
    for (auto& file : files_named_by(kResults, data_dir_ / "results")) {
        named.push_back(std::move(file));
    }
    std::erase_if(named, [](const std::string& file) { return fs::exists(file); });
    return named;
}

}  // namespace bucky::test
