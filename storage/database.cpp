// SPDX-License-Identifier: Apache-2.0
#include "storage/database.h"

#include <cerrno>
#include <functional>
#include <map>
#include <system_error>

#include <sqlite3.h>
#include <sys/stat.h>

#include "conf/base/error.h"
#include "conf/base/mutex.h"
#include "storage/schema.h"
#include "storage/shared_database.h"

namespace bucky::storage {
namespace {

/// How long another process (`bucky queue retry`) may hold the file before we give up.
constexpr int kBusyTimeoutMs = 10'000;

/// The log is copied into the database file while others go on writing once it has this many pages,
/// and while writers wait once it has twice as many, because they never pause. An image writes
/// about 25 pages: at SQLite's default of 1000 the file was synced 30 times a second. A start has
/// to read the log: 64 MB, 0.1 s.
constexpr int kCheckpointPages = 8000;
constexpr int kCheckpointInTurnPages = 2 * kCheckpointPages;

constexpr const char* kConnectionPragmas = R"sql(
    PRAGMA synchronous = NORMAL;         -- the log is synced by us, one sync for many: SharedSync
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 67108864 -- bytes of WAL kept after a checkpoint
)sql";

constexpr Sql kVersion{"database.version", "PRAGMA user_version"};
constexpr Sql kWal{"database.wal", "PRAGMA journal_mode = WAL"};
constexpr Sql kBytes{"database.bytes", R"sql(
    SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)sql"};

void execute(sqlite3* db, const char* script, std::string_view doing) {
    check(sqlite3_exec(db, script, nullptr, nullptr, nullptr), db, doing);
}

/// SQLite would create it readable by all, and it contains patients' studies. mknod(2) creates it
/// without opening it and leaves an existing file as it is: closing a descriptor would release the
/// locks of all connections (database_files.h).
void make_private(const std::filesystem::path& file) {
    std::error_code ignored;  // the failure shows when the file is opened
    std::filesystem::create_directories(file.parent_path(), ignored);
    if (::mknod(file.c_str(), S_IFREG | 0600, 0) == 0 || errno == EEXIST) return;
    const int error = errno;
    throw Error(error == ENOSPC || error == EDQUOT ? Fault::exhausted : Fault::unavailable,
                "cannot make the database {}: {}", file.string(),
                std::generic_category().message(error));
}

int flags_of(Database::Mode mode) {
    switch (mode) {
        case Database::Mode::create:
        case Database::Mode::existing: return SQLITE_OPEN_READWRITE;
        case Database::Mode::read_only: return SQLITE_OPEN_READONLY;
    }
    __builtin_unreachable();
}

}  // namespace

struct Database::Impl {
    std::filesystem::path file;
    std::span<const Migration> schema;
    sqlite3* db = nullptr;
    std::shared_ptr<SharedDatabase> shared;
    std::map<std::string, sqlite3_stmt*, std::less<>> prepared;  // by SQL text
    bool in_turn = false;                                        ///< a Transaction of ours is open
    int pages_in_log = 0;                                        ///< after our last commit

    ~Impl() {
        for (const auto& [text, statement] : prepared) sqlite3_finalize(statement);
        sqlite3_close(db);
    }

    static int committed(void* self, sqlite3*, const char*, int pages);
    void make_durable(std::uint64_t ticket);
    void sync_log(bool doubtful);
    void copy_log();
    bool wants_syncs();
    void leave_log_alone(Mode mode);
};

/// SQLite calls this when a commit is in the log. A Transaction syncs after it has released its
/// turn. A statement outside a transaction is synced here.
int Database::Impl::committed(void* self, sqlite3*, const char*, int pages) {
    auto& impl = *static_cast<Impl*>(self);
    impl.pages_in_log = pages;
    if (impl.in_turn) return SQLITE_OK;
    try {
        impl.make_durable(impl.shared->log.written());
    } catch (const Error& error) {  // not through SQLite's C code: Statement throws it
        failed_sync() = error;
    }
    return SQLITE_OK;
}

void Database::Impl::make_durable(std::uint64_t ticket) {
    try {
        shared->log.until_durable(ticket, [this](bool doubtful) {
            sync_log(doubtful);
            shared->files.require_names();  // else the synced file has no name any more
        });
    } catch (const Error& error) {
        // Never exhausted: the rows are in the log, so the files that belong to them must stay.
        throw Error(Fault::unavailable, "committed, but not known to be durable: {}", error.what());
    }
}

/// Tests that need no durability set PRAGMA synchronous = OFF.
bool Database::Impl::wants_syncs() {
    bool wanted = true;
    const auto take = [](void* into, int, char** values, char**) {
        *static_cast<bool*>(into) = std::string_view{values[0]} != "0";
        return 0;
    };
    check(sqlite3_exec(db, "PRAGMA synchronous", take, &wanted, nullptr), db, "sync the log");
    return wanted;
}

void Database::Impl::sync_log(bool doubtful) {
    if (!wants_syncs()) return;
    if (!doubtful) {
        sqlite3_file* log = nullptr;
        check(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log), db,
              "find the log");
        check(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL), db, "sync the log");
        return;
    }
    // The log's pages can still be read, but may not be on the disk. A checkpoint writes them all
    // again, into the database file, and syncs that.
    const MutexLock turn(shared->turn);
    int pages = 0;
    int copied = 0;
    check(sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_FULL, &pages, &copied), db,
          "copy a log that could not be synced");
    if (copied < pages) throw Error(Fault::unavailable, "a log could not be synced, nor copied");
}

/// A failed copy does no harm: the log holds everything, and a later commit tries again.
void Database::Impl::copy_log() {
    auto last = shared->copied_at.load();
    if (pages_in_log < last) last = 0;  // the log was restarted
    if (pages_in_log - last < kCheckpointPages) return;
    std::unique_lock turn(shared->turn, std::defer_lock);
    if (pages_in_log >= kCheckpointInTurnPages) turn.lock();  // so that the log can restart
    shared->copied_at = pages_in_log;
    (void)sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

/// The log stays when the last connection closes, so a wrong guess about which is the last loses
/// nothing. Only a node's own connections copy it into the database when they are the last.
void Database::Impl::leave_log_alone(Mode mode) {
    int keep = 1;
    check(sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep), db, "keep the log");
    if (mode == Mode::create) return;
    check(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr), db, "keep the log");
}

Database::Database(const std::filesystem::path& file, Mode mode, std::span<const Migration> schema)
    : impl_(std::make_unique<Impl>()) {
    impl_->schema = schema;
    if (mode == Mode::create) make_private(file);
    impl_->file = file;
    impl_->shared = shared_by_all_of(file);
    const int opened =
        sqlite3_open_v2(file.c_str(), &impl_->db, flags_of(mode) | SQLITE_OPEN_NOMUTEX, nullptr);
    std::error_code unseen;
    if (opened == SQLITE_CANTOPEN && mode != Mode::create &&
        !std::filesystem::exists(file, unseen) && !unseen) {
        throw Error(Fault::unavailable,
                    "there is no database {}: no node has run there yet, or node.data_dir names "
                    "another folder",
                    file.string());
    }
    if (opened != SQLITE_OK) fail_to_open(opened, file);
    check(sqlite3_busy_timeout(impl_->db, kBusyTimeoutMs), impl_->db, "busy timeout");
    try {
        settle(mode);
    } catch (const Error& error) {
        // The caller is told which file is damaged and what to do.
        const auto found = impl_->shared->files.troubles();
        if (found.empty()) throw;
        throw Error(Fault::unavailable, "{}", found.front());
    }
    impl_->shared->files.pin();
}

Database::~Database() = default;

void Database::settle(Mode mode) {
    impl_->leave_log_alone(mode);
    execute(impl_->db, kConnectionPragmas, "open");
    sqlite3_wal_hook(impl_->db, &Impl::committed, impl_.get());
    if (mode == Mode::create) migrate();

    const auto& file = impl_->file;
    const auto ours = impl_->schema.back().version;
    if (version() > ours) {
        throw Error(Fault::unsupported,
                    "{} is of schema version {} and this program knows up to {}: run the newer "
                    "bucky that wrote it, or restore the copy made before the upgrade",
                    file.string(), version(), ours);
    }
    if (version() < ours) {
        throw Error(Fault::unsupported,
                    "{} is of schema version {} and this program needs {}: `bucky serve` of this "
                    "version brings it up to date when it starts",
                    file.string(), version(), ours);
    }
}

std::vector<std::string> Database::troubles() {
    auto& files = impl_->shared->files;
    const auto file_bytes = files.file_bytes();  // first: a file only grows unless it is truncated
    sqlite3_db_release_memory(impl_->db);        // so that it reads the file as it is now
    try {
        auto bytes = prepare(kBytes);
        if (bytes.step()) files.note_size(file_bytes, bytes.integer(0));
    } catch (const Error&) {  // damage is noted; other errors are reported by their own users
    }
    return files.troubles();
}

void Database::require_sound() {
    if (impl_->shared->files.troubles().empty()) return;
    throw Error(Fault::unavailable, "the database of this node needs a person: see `bucky status`");
}

/// Two connections that open the file at once take turns; the second finds nothing left to do.
void Database::migrate() {
    if (version() > impl_->schema.back().version) return;
    {
        const MutexLock turn(impl_->shared->turn);
        auto wal = prepare(kWal);
        if (!wal.step() || wal.text(0) != "wal") {
            throw Error(Fault::unavailable,
                        "the file system of {} cannot hold a write-ahead log: put data_dir on a "
                        "local disk",
                        impl_->file.string());
        }
    }
    if (version() == impl_->schema.back().version) return;
    Transaction transaction(*this);
    for (const auto& migration : impl_->schema) {
        if (version() < migration.version) execute(impl_->db, migration.sql, migration.why);
    }
    transaction.commit();
}

Statement Database::prepare(const Sql& sql) {
    if (const auto kept = impl_->prepared.find(sql.text); kept != impl_->prepared.end()) {
        if (sqlite3_stmt_busy(kept->second) != 0) {
            throw Error(Fault::bug, "statement {} is asked for while it is being stepped",
                        sql.name);
        }
        return Statement{impl_->db, kept->second, sql.name};
    }
    sqlite3_stmt* made = nullptr;
    check(sqlite3_prepare_v3(impl_->db, sql.text.data(), static_cast<int>(sql.text.size()),
                             SQLITE_PREPARE_PERSISTENT, &made, nullptr),
          impl_->db, sql.name);
    impl_->prepared.emplace(sql.text, made);
    return Statement{impl_->db, made, sql.name};
}

std::int64_t Database::changes() const {
    return sqlite3_changes64(impl_->db);
}

std::int64_t Database::last_row_id() const {
    return sqlite3_last_insert_rowid(impl_->db);
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(impl_->db) == 0;
}

std::int64_t Database::version() {
    auto statement = prepare(kVersion);
    statement.step();
    return statement.integer(0);
}

struct Database::Transaction::State {
    Database::Impl& impl;
    std::unique_lock<Mutex> turn;
};

Database::Transaction::Transaction(Database& db) {
    if (db.in_transaction()) throw Error(Fault::bug, "a transaction inside a transaction");
    auto& impl = *db.impl_;
    impl.shared->files.require_names();
    state_ = std::make_unique<State>(State{impl, std::unique_lock<Mutex>(impl.shared->turn)});
    execute(impl.db, "BEGIN IMMEDIATE", "begin");
    impl.in_turn = true;
}

Database::Transaction::~Transaction() {
    auto& impl = state_->impl;
    impl.in_turn = false;
    // After some errors SQLite has already rolled back.
    if (state_->turn.owns_lock() && sqlite3_get_autocommit(impl.db) == 0) {
        sqlite3_exec(impl.db, "ROLLBACK", nullptr, nullptr, nullptr);
    }
}

void Database::Transaction::commit() {
    auto& impl = state_->impl;
    execute(impl.db, "COMMIT", "commit");
    impl.in_turn = false;
    const auto ticket = impl.shared->log.written();
    state_->turn.unlock();  // others write while we wait for the disk, and share our sync
    impl.make_durable(ticket);
    impl.copy_log();
}

}  // namespace bucky::storage
