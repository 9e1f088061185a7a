// SPDX-License-Identifier: Apache-2.0
// What all connections of this process to one database file share, and how SQLite's result codes
// become faults. Only for Database and Statement.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "conf/base/error.h"
#include "conf/base/mutex.h"
#include "storage/database_files.h"
#include "storage/shared_sync.h"

struct sqlite3;

namespace bucky::storage {

struct SharedDatabase {
    explicit SharedDatabase(const std::filesystem::path& file) : files(file) {}

    Mutex turn;  ///< of writers: with SQLite's polled lock some of 16 waited for seconds
    SharedSync log;
    std::atomic<int> copied_at{0};  ///< pages in the log at the last checkpoint
    DatabaseFiles files;
};

/// The shared state of this file, created by the first call and kept as long as it is referenced.
std::shared_ptr<SharedDatabase> shared_by_all_of(const std::filesystem::path& file);

/// Per thread: a statement outside a transaction was committed and its sync failed. Statement
/// throws it; SQLite would report it as "SQL logic error".
std::optional<Error>& failed_sync();

/// Throws when `code` is an error. Damage of the file is noted in its DatabaseFiles.
void check(int code, sqlite3* db, std::string_view doing);

/// The same for a connection that could not be opened.
[[noreturn]] void fail_to_open(int code, const std::filesystem::path& file);

}  // namespace bucky::storage
