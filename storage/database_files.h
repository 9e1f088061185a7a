// SPDX-License-Identifier: Apache-2.0
// DatabaseFiles: whether the files of a database are still those that this process has open, and
// whether any connection has met damage in them.
//
// SQLite goes on in a file that was deleted or replaced under it, and says nothing: the next start
// has none of those commits. So each file (bucky.db, -wal, -shm) is known by its inode from the
// first connection on, and is asked for by its name (stat(2)) before a commit counts as durable.
// No file is opened here: when a process closes any descriptor of a file, POSIX takes away all
// locks that the process holds on it, SQLite's among them.
//
// What was found stays for as long as the process has the database open. Any thread may call.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace bucky::storage {

class DatabaseFiles {
public:
    explicit DatabaseFiles(std::filesystem::path database) : database_(std::move(database)) {}

    /// A connection has them open. The first call counts.
    void pin();

    /// Throws unavailable when one is no longer what was pinned, now or at an earlier look.
    void require_names();

    /// The database had `bytes` of pages after a moment at which its file was `file_bytes` long: a
    /// file that became shorter without fewer pages was cut.
    void note_size(std::int64_t file_bytes, std::int64_t bytes);
    std::int64_t file_bytes() const;  ///< of bucky.db; 0 when it is not there

    /// A connection got an answer that only a damaged file gives.
    void note_damage(const std::string& sqlite_words, int code);

    /// One sentence a finding: which file, what happened, what to do. Empty: all is well.
    std::vector<std::string> troubles();

private:
    struct Identity {
        std::uint64_t device = 0, inode = 0;
        bool operator==(const Identity&) const = default;
    };
    static constexpr std::array kSuffixes{"", "-wal", "-shm"};
    static std::optional<Identity> identity_of(const std::filesystem::path& file);
    std::filesystem::path file(const char* suffix) const { return database_.string() + suffix; }
    void look();  ///< mutex_ is held

    const std::filesystem::path database_;
    mutable std::mutex mutex_;
    std::optional<std::array<Identity, kSuffixes.size()>> pinned_;  ///< GUARDED_BY(mutex_), so all
    std::string lost_, damaged_;
    std::int64_t last_file_bytes_ = 0, last_bytes_ = 0;
};

}  // namespace bucky::storage
