// SPDX-License-Identifier: Apache-2.0
// DatabaseFiles: checks that a database's files are still those that this process has open, and
// records damage that any connection finds in them.
//
// SQLite keeps working in a file that was deleted or replaced, and reports nothing: at the next
// start none of those commits are there. So each file (bucky.db, -wal, -shm) is pinned by its inode
// when the first connection opens it, and is checked by name (stat(2)) before a commit counts as
// durable. No file is opened here: when a process closes any descriptor of a file, POSIX releases
// all locks that the process holds on it, SQLite's included.
//
// Findings stay for as long as the process has the database open. Any thread may call.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/mutex.h"

namespace bucky::storage {

class DatabaseFiles {
public:
    explicit DatabaseFiles(std::filesystem::path database) : database_(std::move(database)) {}

    /// A connection has the files open. The first call pins them.
    void pin();

    /// Throws unavailable when a file is no longer the pinned one, now or at an earlier check.
    void require_names();

    /// The database had `bytes` of pages after a moment at which its file was `file_bytes` long. A
    /// file that is shorter than its pages was truncated.
    void note_size(std::int64_t file_bytes, std::int64_t bytes);
    std::int64_t file_bytes() const;  ///< of bucky.db; 0 when it does not exist

    /// A connection got a result code that only a damaged file gives.
    void note_damage(const std::string& sqlite_words, int code);

    /// One sentence per finding: which file, what happened, what to do. Empty: no findings.
    std::vector<std::string> troubles();

private:
    struct Identity {
        std::uint64_t device = 0, inode = 0;
        bool operator==(const Identity&) const = default;
    };
    static constexpr std::array kSuffixes{"", "-wal", "-shm"};
    static std::optional<Identity> identity_of(const std::filesystem::path& file);
    std::filesystem::path file(const char* suffix) const { return database_.string() + suffix; }
    void look() REQUIRES(mutex_);

    const std::filesystem::path database_;
    mutable Mutex mutex_;
    std::optional<std::array<Identity, kSuffixes.size()>> pinned_ GUARDED_BY(mutex_);
    std::string lost_ GUARDED_BY(mutex_), damaged_ GUARDED_BY(mutex_);
    std::int64_t last_file_bytes_ GUARDED_BY(mutex_) = 0, last_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace bucky::storage
