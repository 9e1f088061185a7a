// SPDX-License-Identifier: Apache-2.0
#include "storage/recover.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "storage/lane.h"
#include "storage/reingest.h"
#include "storage/spool.h"
#include "storage/statements.h"
#include "storage/waits.h"

namespace bucky::storage {
namespace {

// A job that was running in one crash is probably not its cause and goes on at once. A job that
// meets another may be: it waits 1 s, then twice as long each time, so that other jobs run in
// between. If the process crashes for another reason, the wait also spares the job from being
// counted. A stop that ran out of time is no death (:deaths is 0).
constexpr Sql kReturnJobs{"recover.return_jobs", R"sql(
    UPDATE job
       SET state = 'ready', lease_until_ms = 0, ended_at_ms = :now_ms,
           not_before_ms = CASE WHEN deaths = 0 OR :deaths = 0 THEN not_before_ms
                                ELSE :now_ms + (:first_wait_ms << min(deaths - 1, :doublings)) END,
           deaths = deaths + :deaths,
           last_error = 'the node ' || :how || ' while this ran'
     WHERE state = 'running' AND lease_until_ms >= 0
    RETURNING lane)sql"};
constexpr const char* kStoppingFile = "stopping";
constexpr std::int64_t kFirstWaitMs = 1000;
constexpr int kDoublings = 5;  // 32 s at most

constexpr Sql kLastInstanceFile{"recover.last_instance_file", R"sql(
    SELECT file FROM instance WHERE id = (SELECT max(id) FROM instance))sql"};
constexpr Sql kInstanceFilesFrom{"recover.instance_files_from", R"sql(
    SELECT file FROM instance WHERE file >= :first_folder)sql"};

constexpr Sql kLastResultFile{"recover.last_result_file", R"sql(
    SELECT file FROM result WHERE id = (SELECT max(id) FROM result))sql"};
constexpr Sql kResultFilesFrom{"recover.result_files_from", R"sql(
    SELECT file FROM result WHERE file >= :first_folder)sql"};

// Files that Retention could not unlink yet are not orphans: its next sweep has their names.
constexpr Sql kLeavingFrom{"recover.leaving_from", R"sql(
    SELECT file FROM leaving WHERE file >= :first_folder)sql"};

constexpr Sql kAll[] = {kReturnJobs,     kLastInstanceFile, kInstanceFilesFrom,
                        kLastResultFile, kResultFilesFrom,  kLeavingFrom};

using Paths = std::vector<std::filesystem::path>;

/// The entries of a directory, sorted by name; nothing when it does not exist.
Paths entries_of(const std::filesystem::path& directory) {
    Paths entries;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        entries.push_back(entry->path());
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        throw Error(Fault::unavailable, "cannot read {}: {}", directory.string(), error.message());
    }
    std::sort(entries.begin(), entries.end());
    return entries;
}

std::int64_t unlink_all(const Paths& files) {
    std::int64_t unlinked = 0;
    for (const auto& file : files) {
        std::error_code ignored;  // a file that stays costs only space
        unlinked += std::filesystem::remove(file, ignored) ? 1 : 0;
    }
    return unlinked;
}

bool is_hour(const std::string& folder) {
    return folder.size() == 10 && folder.find_first_not_of("0123456789") == std::string::npos;
}

/// The files without a row in the hour folders, from the one before the last row's on. One hour
/// further back, because a thread may have kept a file just before the hour ended and crashed
/// before its row was written.
Paths orphans(Database& db, const std::filesystem::path& root, const Sql& last_file,
              const Sql& files_from) {
    std::string last_hour;
    {
        auto last = db.prepare(last_file);
        if (last.step()) last_hour = last.text(0).substr(0, 10);
    }
    Paths hours;
    for (const auto& folder : entries_of(root)) {
        if (is_hour(folder.filename().string())) hours.push_back(folder);
    }
    auto first = std::lower_bound(
        hours.begin(), hours.end(), last_hour,
        [](const auto& folder, const auto& hour) { return folder.filename().string() < hour; });
    if (first != hours.begin()) --first;
    hours.erase(hours.begin(), first);
    if (hours.empty()) return {};

    std::set<std::string> known;
    auto rows = db.prepare(files_from);
    rows.bind(":first_folder", hours.front().filename().string());
    while (rows.step()) known.insert(rows.text(0));
    const auto below = root.filename().string() + '/';  // spool/ or results/
    auto leaving = db.prepare(kLeavingFrom);
    leaving.bind(":first_folder", below + hours.front().filename().string());
    while (leaving.step()) {
        if (leaving.text(0).starts_with(below)) {
            known.insert(leaving.text(0).substr(below.size()));
        }
    }

    Paths found;
    for (const auto& hour : hours) {
        for (auto& file : entries_of(hour)) {
            if (!known.contains((hour.filename() / file.filename()).string())) {
                found.push_back(std::move(file));
            }
        }
    }
    return found;
}

/// A file that cannot be moved stays; the next start finds it.
template <typename Move>
std::int64_t move_each(const Paths& files, const Move& move) {
    std::int64_t moved = 0;
    for (const auto& file : files) {
        try {
            move(file);
            ++moved;
        } catch (const std::exception& error) {  // the next start tries again
            log::event(log::Level::error, "recover.stays",
                       {{"file", file.filename().string()}, {"words", error.what()}});
        }
    }
    return moved;
}

/// The names are durable there before new rows change the hours that recover() reads.
void sync_folder(const std::filesystem::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) fail_file("open", folder);
    const bool is_synced = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    errno = error;
    if (!is_synced) fail_file("sync", folder);
}

std::int64_t to_reingest(const Paths& files, const std::filesystem::path& spool) {
    const auto folder = spool / kReingestFolder;
    if (!files.empty()) {
        std::error_code failed;
        std::filesystem::create_directories(folder, failed);
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
        move_each(files, [&](const std::filesystem::path& file) {
            const auto name =
                file.parent_path().filename().string() + '-' + file.filename().string();
            std::filesystem::rename(file, folder / name);
        });
        sync_folder(folder);
    }
    return static_cast<std::int64_t>(entries_of(folder).size());
}

}  // namespace

std::span<const Sql> recover_statements() {
    return kAll;
}

void mark_stopping(const std::filesystem::path& data_dir) {
    std::ofstream{data_dir / kStoppingFile};  // on a full disk the stop counts as a death
}

Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock) {
    Aside aside{data_dir, clock};
    return recover(db, data_dir, clock, aside);
}

Recovered recover(Database& db, const std::filesystem::path& data_dir, const Clock& clock,
                  Aside& aside) {
    const auto spool = data_dir / "spool";
    const auto results = data_dir / "results";
    Recovered recovered;
    recovered.images_found =
        to_reingest(orphans(db, spool, kLastInstanceFile, kInstanceFilesFrom), spool);
    recovered.results_aside =
        move_each(orphans(db, results, kLastResultFile, kResultFilesFrom),
                  [&](const auto& file) { aside.put(file, Aside::Kind::result); });
    for (const auto& folder : {spool, results}) {
        recovered.files_swept += unlink_all(entries_of(folder / kIncomingFolder));
    }
    const bool was_stopping = std::filesystem::exists(data_dir / kStoppingFile);
    Database::Transaction transaction(db);
    {
        auto returned = db.prepare(kReturnJobs);
        returned.bind(":now_ms", clock.now_ms())
            .bind(":deaths", was_stopping ? 0 : 1)
            .bind(":how", was_stopping ? "stopped" : "ended")
            .bind(":first_wait_ms", kFirstWaitMs)
            .bind(":doublings", kDoublings);
        while (returned.step()) {
            ++recovered.jobs_returned;
            const auto lane = lane_named(returned.text(0));
            recovered.images_returned += lane.kind == LaneKind::infer ? 1 : 0;
            recovered.reports_returned += lane.kind == LaneKind::report ? 1 : 0;
        }
    }
    transaction.commit();
    forget_waits(db, clock);  // the clock may have been set while no process saw it
    std::filesystem::remove(data_dir / kStoppingFile);  // only now: a death here loses no mark
    return recovered;
}

}  // namespace bucky::storage
