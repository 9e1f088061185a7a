// SPDX-License-Identifier: Apache-2.0
// LogWatch: whether something keeps the write-ahead log from beginning anew. A process that leaves
// a read transaction open in the database (a forgotten sqlite3 shell) does: SQLite can copy no
// further than what that reader still needs, and the log grows with every commit. Nothing can end
// that but the reader; so it is found (by its lock, proc(5), /proc/locks) and told by name. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bucky::storage {

class LogWatch {
public:
    explicit LogWatch(const std::filesystem::path& database);

    using Time = std::chrono::steady_clock::time_point;

    /// One sentence for each process that has been seen reading at every look for a minute, and one
    /// when the log is larger than it should ever be. Empty: all is well.
    std::vector<std::string> look(Time now);

    std::uint64_t log_bytes() const;

private:
    std::vector<int> other_readers() const;

    const std::filesystem::path log_, index_;
    std::map<int, Time> since_;  ///< by process
};

}  // namespace bucky::storage
