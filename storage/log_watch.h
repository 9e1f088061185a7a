// SPDX-License-Identifier: Apache-2.0
// LogWatch: finds what prevents the write-ahead log from restarting. A process with an open read
// transaction in the database (a forgotten sqlite3 shell) does: SQLite can copy the log no further
// than that reader's snapshot, and the log grows with every commit. Only the reader can end that,
// so it is found by its lock (proc(5), /proc/locks) and reported by name. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "storage/site.h"

namespace bucky::storage {

class LogWatch {
public:
    explicit LogWatch(const Site& site);

    using Time = std::chrono::steady_clock::time_point;

    /// One sentence per process that was reading at every check for a minute, and one when the log
    /// is too large. Empty: no findings.
    std::vector<std::string> look(Time now);

    std::uint64_t log_bytes() const;

private:
    std::vector<int> other_readers() const;

    const std::filesystem::path log_, index_;
    std::map<int, Time> since_;  ///< by process id
};

}  // namespace bucky::storage
