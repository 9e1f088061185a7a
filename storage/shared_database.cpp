// SPDX-License-Identifier: Apache-2.0
#include "storage/shared_database.h"

#include <map>

#include <sqlite3.h>

#include "conf/base/error.h"
#include "conf/base/mutex.h"

namespace bucky::storage {
namespace {

/// A damaged file is not the fault of the image or the job that met it. Both wait until it is
/// repaired.
Fault fault_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_FULL:
        case SQLITE_NOMEM: return Fault::exhausted;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_BUSY:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_PROTOCOL:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Fault::unavailable;
        default: return Fault::bug;
    }
}

/// SHORT_READ: the log is shorter than its index says. CORRUPTFS: the file system reports
/// corruption.
bool is_damage(int code) {
    return (code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB ||
           code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS;
}

}  // namespace

std::shared_ptr<SharedDatabase> shared_by_all_of(const std::filesystem::path& file) {
    static Mutex guard;
    static std::map<std::filesystem::path, std::weak_ptr<SharedDatabase>> files GUARDED_BY(guard);
    const MutexLock lock(guard);
    std::erase_if(files, [](const auto& entry) { return entry.second.expired(); });
    const auto whole = std::filesystem::weakly_canonical(file);
    auto& slot = files[whole];
    auto shared = slot.lock();
    if (!shared) slot = shared = std::make_shared<SharedDatabase>(whole);
    return shared;
}

std::optional<Error>& failed_sync() {
    thread_local std::optional<Error> failed;
    return failed;
}

void check(int code, sqlite3* db, std::string_view doing) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    const int extended = sqlite3_extended_errcode(db);
    const std::string words = sqlite3_errmsg(db);
    if (is_damage(extended)) {
        const char* file = sqlite3_db_filename(db, "main");
        if (file != nullptr) shared_by_all_of(file)->files.note_damage(words, extended);
    }
    throw Error(fault_of(code), "database, {}: {} (SQLite {})", doing, words, extended);
}

void fail_to_open(int code, const std::filesystem::path& file) {
    throw Error(fault_of(code), "cannot open the database {}: {}", file.string(),
                sqlite3_errstr(code));
}

}  // namespace bucky::storage
