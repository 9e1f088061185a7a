// SPDX-License-Identifier: Apache-2.0
// What all connections of this process to one database file share, and how SQLite's answers become
// faults. For Database and Statement alone.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "conf/base/error.h"
#include "storage/database_files.h"
#include "storage/shared_sync.h"

struct sqlite3;

namespace bucky::storage {

struct SharedDatabase {
    explicit SharedDatabase(const std::filesystem::path& file) : files(file) {}

    std::mutex turn;  ///< of its writers: SQLite alone would let them poll its lock, which at 16
                      ///< writers lets some wait for seconds
    SharedSync log;
    std::atomic<int> copied_at{0};  ///< pages in the log when it was last copied
    DatabaseFiles files;
};

/// The one of this file, made when it is first asked for; kept as long as somebody holds it.
std::shared_ptr<SharedDatabase> shared_by_all_of(const std::filesystem::path& file);

/// Of this thread: a statement that stands alone was committed and its sync failed. Statement
/// throws it; SQLite would make "SQL logic error" of it.
std::optional<Error>& failed_sync();

/// Throws when `code` is an error. Damage of the file is noted in its DatabaseFiles.
void check(int code, sqlite3* db, std::string_view doing);

/// The same for a connection that could not be made.
[[noreturn]] void fail_to_open(int code, const std::filesystem::path& file);

}  // namespace bucky::storage
