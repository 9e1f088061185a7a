// SPDX-License-Identifier: Apache-2.0
// Retention: removes what has been delivered, after its time or above a size limit.
//
// The unit is a study. A study may be removed once it is settled: reported, every result delivered,
// and no open job (JobQueue::settle decides). A result that waits, is parked, or never had a
// destination keeps its study. No study is removed by age while the clock may be wrong (expiry.h);
// removal by size depends on the order only.
//
// The order is: one transaction removes the rows and writes the names of the files into `leaving`
// -> the files are unlinked -> the names are removed. After a crash in between, the next sweep
// finds the names. The journal keeps the study's events and the reason of its removal; the
// decisions on its images stay for a time of their own. Threads: one sweeps at a time; other
// threads may use the same study meanwhile.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

struct KeepRules {
    std::int64_t keep_ms = 0;       ///< after the last delivery; 0: no limit
    std::int64_t keep_bytes = 0;    ///< of instances and results together; 0: no limit
    std::int64_t journal_ms = 0;    ///< the journal of a removed study; 0: no limit
    std::int64_t decisions_ms = 0;  ///< the records of decisions; 0: no limit
};

struct Held {
    std::int64_t files = 0, bytes = 0;
};

class Retention {
public:
    Retention(Database& db, std::filesystem::path data_dir, const Clock& clock, KeepRules rules)
        : db_(db), data_dir_(std::move(data_dir)), clock_(clock), rules_(rules) {}

    struct Swept {
        std::int64_t studies = 0, files = 0;
    };

    /// Removes at most so many studies, those that were settled first. Does not read studies that
    /// stay. Crash points: retention.before_commit, retention.after_commit, retention.after_unlink.
    Swept sweep(int studies_at_most);

    Held held();  ///< instances and results, kept and not counted

private:
    struct Study;
    struct Leaving;
    std::vector<Study> due(std::int64_t settled_before_ms, int at_most);
    bool leave(const Study& study, const std::string& why);
    std::vector<Leaving> files_of(const std::string& study);
    std::int64_t unlink_leaving();
    void forget_old_stories();

    Database& db_;
    std::filesystem::path data_dir_;
    const Clock& clock_;
    KeepRules rules_;
};

}  // namespace bucky::storage
