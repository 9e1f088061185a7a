// SPDX-License-Identifier: Apache-2.0
#include "storage/retention.h"

#include <cerrno>
#include <limits>

#include <unistd.h>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/run/crash_point.h"
#include "storage/decisions.h"
#include "storage/expiry.h"
#include "storage/journal.h"
#include "storage/spool.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

/// How many files are unlinked, and names removed, at a time: a study may have thousands.
constexpr std::int64_t kFilesAtOnce = 500;
constexpr std::int64_t kStoriesAtOnce = 20;
constexpr std::int64_t kDecisionsAtOnce = 1000;
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

constexpr Sql kHeld{"retention.held", "SELECT sum(files), sum(bytes) FROM holding"};

constexpr Sql kDue{"retention.due", R"sql(
    SELECT key, settled_at_ms FROM study INDEXED BY study_settled
     WHERE settled_at_ms > 0 AND settled_at_ms <= :before_ms
     ORDER BY settled_at_ms LIMIT :at_most)sql"};

constexpr Sql kStillSettled{"retention.still_settled", R"sql(
    SELECT 1 FROM study WHERE key = :study AND settled_at_ms = :settled_at_ms)sql"};

constexpr Sql kInstanceFiles{"retention.instance_files", R"sql(
    SELECT 'spool/' || file, size_bytes FROM instance WHERE study = :study)sql"};
constexpr Sql kResultFiles{"retention.result_files", R"sql(
    SELECT 'results/' || file, size_bytes FROM result WHERE study = :study)sql"};

constexpr Sql kLeaves{"retention.leaves", "INSERT INTO leaving (file) VALUES (:file)"};
constexpr Sql kDropJobs{"retention.drop_jobs", "DELETE FROM job WHERE study = :study"};
constexpr Sql kDropResults{"retention.drop_results", "DELETE FROM result WHERE study = :study"};
constexpr Sql kDropTakenBack{"retention.drop_taken_back",
                             "DELETE FROM taken_back WHERE study = :study"};
constexpr Sql kDropInstances{"retention.drop_instances",
                             "DELETE FROM instance WHERE study = :study"};
constexpr Sql kDropStudy{"retention.drop_study", "DELETE FROM study WHERE key = :study"};

constexpr Sql kLeaving{"retention.leaving", "SELECT file FROM leaving LIMIT :at_most"};
constexpr Sql kGone{"retention.gone", "DELETE FROM leaving WHERE file = :file"};

constexpr Sql kOldStories{"retention.old_stories", R"sql(
    SELECT id, study FROM journal INDEXED BY journal_left
     WHERE event = 'study.left' AND at_ms <= :before_ms ORDER BY at_ms LIMIT :at_most)sql"};
constexpr Sql kForgetStory{"retention.forget_story", R"sql(
    DELETE FROM journal WHERE study = :study AND at_ms <= :before_ms)sql"};

constexpr Sql kAll[] = {kHeld,      kDue,      kStillSettled, kInstanceFiles, kResultFiles,
                        kLeaves,    kDropJobs, kDropResults,  kDropTakenBack, kDropInstances,
                        kDropStudy, kLeaving,  kGone,         kOldStories,    kForgetStory};

}  // namespace

std::span<const Sql> retention_statements() {
    return kAll;
}

struct Retention::Study {
    std::string key;
    std::int64_t settled_at_ms;
};

struct Retention::Leaving {
    std::string file;  ///< relative to data_dir
    std::int64_t bytes;
};

Held Retention::held() {
    auto row = db_.prepare(kHeld);
    row.step();
    return {row.integer(0), row.integer(1)};
}

Retention::Swept Retention::sweep(int studies_at_most) {
    Swept swept;
    swept.files += unlink_leaving();  // left by a crash or a disk error
    const auto let_go = [&](const Study& study, const std::string& why) {
        if (!leave(study, why)) return false;
        ++swept.studies;
        swept.files += unlink_leaving();
        return true;
    };
    const bool by_age = may_expire(db_, clock_);
    if (rules_.keep_ms > 0 && by_age) {
        for (const auto& study : due(clock_.now_ms() - rules_.keep_ms, studies_at_most)) {
            let_go(study, fmt::format("all was delivered {} days before", rules_.keep_ms / kDayMs));
        }
    }
    while (rules_.keep_bytes > 0 && swept.studies < studies_at_most &&
           held().bytes > rules_.keep_bytes) {
        const auto oldest = due(std::numeric_limits<std::int64_t>::max(), 1);
        if (oldest.empty()) break;  // all remaining studies are still to be delivered
        if (!let_go(oldest.front(), fmt::format("all was delivered, and more than {} MB were held",
                                                rules_.keep_bytes / 1'000'000))) {
            break;  // it has an open job again
        }
    }
    if (by_age) forget_old_stories();
    if (by_age && rules_.decisions_ms > 0) {
        Decisions(db_, clock_).forget(clock_.now_ms() - rules_.decisions_ms, kDecisionsAtOnce);
    }
    return swept;
}

std::vector<Retention::Study> Retention::due(std::int64_t settled_before_ms, int at_most) {
    auto rows = db_.prepare(kDue);
    rows.bind(":before_ms", settled_before_ms).bind(":at_most", std::int64_t{at_most});
    std::vector<Study> studies;
    while (rows.step()) studies.push_back({rows.text(0), rows.integer(1)});
    return studies;
}

/// False: it has an open job again.
bool Retention::leave(const Study& study, const std::string& why) {
    Database::Transaction transaction(db_);
    {
        auto still = db_.prepare(kStillSettled);
        still.bind(":study", std::string_view{study.key})
            .bind(":settled_at_ms", study.settled_at_ms);
        if (!still.step()) return false;
    }
    const auto files = files_of(study.key);
    std::int64_t bytes = 0;
    for (const auto& leaving : files) {
        bytes += leaving.bytes;
        db_.prepare(kLeaves).bind(":file", std::string_view{leaving.file}).run();
    }
    for (const auto& drop : {kDropJobs, kDropResults, kDropTakenBack, kDropInstances, kDropStudy}) {
        db_.prepare(drop).bind(":study", std::string_view{study.key}).run();
    }
    Journal(db_, clock_)
        .write(study.key, "", JournalEvent::study_left,
               fmt::format("{} files, {} bytes deleted: {}", files.size(), bytes, why));
    crash_point("retention.before_commit");
    transaction.commit();
    crash_point("retention.after_commit");
    log::event("study.left",
               {{"study", study.key}, {"files", files.size()}, {"bytes", bytes}, {"why", why}});
    return true;
}

std::vector<Retention::Leaving> Retention::files_of(const std::string& study) {
    std::vector<Leaving> files;
    for (const auto& sql : {kInstanceFiles, kResultFiles}) {
        auto rows = db_.prepare(sql);
        rows.bind(":study", std::string_view{study});
        while (rows.step()) files.push_back({rows.text(0), rows.integer(1)});
    }
    return files;
}

/// A file that cannot be unlinked keeps its name here, and the next sweep tries again.
std::int64_t Retention::unlink_leaving() {
    constexpr std::int64_t kHourMs = 3'600'000;
    const std::filesystem::path in_use = hour_folder(clock_.now_ms() - 2 * kHourMs);
    const bool is_settled = clock_.steps().is_settled();
    std::int64_t unlinked = 0;
    while (true) {
        std::vector<std::string> names, gone;
        {
            auto rows = db_.prepare(kLeaving);
            rows.bind(":at_most", kFilesAtOnce);
            while (rows.step()) names.push_back(rows.text(0));
        }
        for (const auto& name : names) {
            const auto file = data_dir_ / name;
            const bool is_gone = ::unlink(file.c_str()) == 0 || errno == ENOENT;
            if (!is_gone) continue;
            gone.push_back(name);
            // The folder of an hour is removed with its last file, unless a file may just be put
            // there.
            std::error_code kept;
            const auto hour = file.parent_path();
            if (hour.filename() < in_use && is_settled) std::filesystem::remove(hour, kept);
        }
        if (gone.empty()) return unlinked;
        crash_point("retention.after_unlink");
        Database::Transaction transaction(db_);
        for (const auto& name : gone)
            db_.prepare(kGone).bind(":file", std::string_view{name}).run();
        transaction.commit();
        unlinked += static_cast<std::int64_t>(gone.size());
    }
}

/// A study that has come again keeps the newer part of its journal.
void Retention::forget_old_stories() {
    if (rules_.journal_ms <= 0) return;
    const auto before_ms = clock_.now_ms() - rules_.journal_ms;
    std::vector<std::string> studies;
    {
        auto rows = db_.prepare(kOldStories);
        rows.bind(":before_ms", before_ms).bind(":at_most", kStoriesAtOnce);
        while (rows.step()) studies.push_back(rows.text(1));
    }
    if (studies.empty()) return;
    Database::Transaction transaction(db_);
    for (const auto& study : studies) {
        db_.prepare(kForgetStory)
            .bind(":study", std::string_view{study})
            .bind(":before_ms", before_ms)
            .run();
    }
    transaction.commit();
}

}  // namespace bucky::storage
