// SPDX-License-Identifier: Apache-2.0
// FaultyDisk: an SQLite VFS that simulates a faulty disk. While it exists, every database that is
// opened writes through it. It counts the bytes written to the log since its last sync, and fails
// the next writes or syncs when told. One at a time; close the databases before it is destroyed.
#pragma once

#include <atomic>

#include <sqlite3.h>

namespace bucky::storage::test {

class FaultyDisk {
public:
    FaultyDisk() {
        forget();
        static sqlite3_vfs vfs = *sqlite3_vfs_find(nullptr);
        vfs.zName = "faulty";
        vfs.xOpen = open;
        sqlite3_vfs_register(&vfs, 1);
        vfs_ = &vfs;
    }
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;
    ~FaultyDisk() {
        sqlite3_vfs_unregister(vfs_);
        forget();
    }

    inline static std::atomic<int> unsynced_log_writes{0};
    inline static std::atomic<int> log_syncs{0}, file_syncs{0};
    inline static std::atomic<int> failing_log_syncs{0}, failing_file_syncs{0};
    inline static std::atomic<int> failing_writes{0};  ///< the number of next writes that fail
    inline static std::atomic<int> fails_with{SQLITE_FULL};  ///< the result of such a write

private:
    static sqlite3_vfs& real() {
        static sqlite3_vfs& found = *sqlite3_vfs_find("unix");
        return found;
    }
    static const sqlite3_io_methods*& original_log() {
        static const sqlite3_io_methods* methods = nullptr;
        return methods;
    }
    static const sqlite3_io_methods*& original_main() {
        static const sqlite3_io_methods* methods = nullptr;
        return methods;
    }

    static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
        const int code = real().xOpen(vfs, name, file, flags, out);
        if (code != SQLITE_OK || file->pMethods == nullptr) return code;
        // Each kind of file has its own table: the log's has no locks.
        static sqlite3_io_methods log, main;
        if ((flags & SQLITE_OPEN_WAL) != 0) {
            original_log() = file->pMethods;
            log = *file->pMethods;
            log.xWrite = write_log;
            log.xSync = sync_log;
            file->pMethods = &log;
        }
        if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
            original_main() = file->pMethods;
            main = *file->pMethods;
            main.xWrite = write_main;
            main.xSync = sync_main;
            file->pMethods = &main;
        }
        return code;
    }

    static bool one_of(std::atomic<int>& left) {
        if (left <= 0) return false;
        --left;
        return true;
    }
    static int write_log(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
        if (one_of(failing_writes)) return fails_with;
        ++unsynced_log_writes;
        return original_log()->xWrite(file, bytes, count, at);
    }
    static int write_main(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
        if (one_of(failing_writes)) return fails_with;
        return original_main()->xWrite(file, bytes, count, at);
    }
    static int sync_log(sqlite3_file* file, int flags) {
        if (one_of(failing_log_syncs)) return SQLITE_IOERR_FSYNC;
        unsynced_log_writes = 0;
        ++log_syncs;
        return original_log()->xSync(file, flags);
    }
    static int sync_main(sqlite3_file* file, int flags) {
        if (one_of(failing_file_syncs)) return SQLITE_IOERR_FSYNC;
        ++file_syncs;
        return original_main()->xSync(file, flags);
    }

    static void forget() {
        for (auto* number : {&unsynced_log_writes, &log_syncs, &file_syncs, &failing_log_syncs,
                             &failing_file_syncs, &failing_writes}) {
            *number = 0;
        }
        fails_with = SQLITE_FULL;
    }

    sqlite3_vfs* vfs_ = nullptr;
};

}  // namespace bucky::storage::test
