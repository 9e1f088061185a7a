// SPDX-License-Identifier: Apache-2.0
// Retention: what has been delivered leaves after its time, or when there is too much of it.
//
// The unit is a study. It may leave once it is settled: reported, every result of it delivered, no
// job of it open (JobQueue::settle says when); a result that waits, is parked, or never had a
// destination keeps its study. Nothing leaves by its age while the clock is not to be believed
// (expiry.h); what leaves because there is too much goes by the order alone. Order of a leave: one
// transaction takes the rows away and writes the names of the files into `leaving` -> the files are
// unlinked -> the names go. A crash between leaves names that the next sweep finds. The journal
// keeps the study's story and why it left. Threads: one sweeps at a time; others may do with the
// same study whatever they like.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

struct KeepRules {
    std::int64_t keep_ms = 0;     ///< after the last delivery; 0: for ever
    std::int64_t keep_bytes = 0;  ///< of instances and results together; 0: as much as there is
    std::int64_t journal_ms = 0;  ///< the story of a study that has left; 0: for ever
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

    /// Lets at most so many studies leave, those that were settled first. Looks at nothing that
    /// stays. Crash points: retention.before_commit, retention.after_commit,
    /// retention.after_unlink.
    Swept sweep(int studies_at_most);

    Held held();  ///< instances and results, without counting them

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
