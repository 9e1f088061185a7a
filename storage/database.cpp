// SPDX-License-Identifier: Apache-2.0
#include "storage/database.h"

#include <atomic>
#include <cerrno>
#include <functional>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "storage/schema.h"
#include "storage/shared_sync.h"

namespace bucky::storage {
namespace {

/// How long another process (`bucky queue retry`) may hold the file before we give up.
constexpr int kBusyTimeoutMs = 10'000;

/// The log is copied into the database file beside those who write once it has so many pages, and
/// while they wait once it has twice as many, because they never pause. An image writes some 25: at
/// SQLite's own 1000 the file was synced 30 times a second. A start reads the log: 64 MB, 0.1 s.
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

Fault fault_of(int code) {
    switch (code & 0xFF) {
        case SQLITE_FULL:
        case SQLITE_NOMEM: return Fault::exhausted;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_BUSY:
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_PROTOCOL: return Fault::unavailable;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return Fault::corrupt;
        default: return Fault::bug;
    }
}

void check(int code, sqlite3* db, std::string_view doing) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    throw Error(fault_of(code), "database, {}: {} (SQLite {})", doing, sqlite3_errmsg(db),
                sqlite3_extended_errcode(db));
}

void execute(sqlite3* db, const char* script, std::string_view doing) {
    check(sqlite3_exec(db, script, nullptr, nullptr, nullptr), db, doing);
}

/// What all connections of this process to one file share.
struct Shared {
    std::mutex turn;  ///< of its writers: SQLite alone would let them poll its lock, which at 16
                      ///< writers lets some wait for seconds
    SharedSync log;
    std::atomic<int> copied_at{0};  ///< pages in the log when it was last copied
};

std::shared_ptr<Shared> shared_by_all_of(const std::filesystem::path& file) {
    static std::mutex guard;
    static std::map<std::filesystem::path, std::weak_ptr<Shared>> files;
    const std::lock_guard lock(guard);
    std::erase_if(files, [](const auto& entry) { return entry.second.expired(); });
    auto& slot = files[std::filesystem::weakly_canonical(file)];
    auto shared = slot.lock();
    if (!shared) slot = shared = std::make_shared<Shared>();
    return shared;
}

/// SQLite would make it readable by all; it names people's studies.
void make_private(const std::filesystem::path& file) {
    std::error_code ignored;  // what could not be made shows when the file is opened
    std::filesystem::create_directories(file.parent_path(), ignored);
    const int fd = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        ::close(fd);
        return;
    }
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
    sqlite3* db = nullptr;
    std::shared_ptr<Shared> shared;
    std::map<std::string, sqlite3_stmt*, std::less<>> prepared;  // by their text
    bool in_turn = false;                                        ///< a Transaction of ours is open
    int pages_in_log = 0;                                        ///< as of our last commit

    ~Impl() {
        for (const auto& [text, statement] : prepared) sqlite3_finalize(statement);
        sqlite3_close(db);
    }

    static int committed(void* self, sqlite3*, const char*, int pages);
    void make_durable(std::uint64_t ticket);
    void sync_log(bool doubtful);
    void copy_log();
    bool wants_syncs();
};

/// SQLite calls it when a commit stands in the log. A Transaction syncs once it has given its turn
/// away; a statement that stands alone has nobody who would, and is synced here.
int Database::Impl::committed(void* self, sqlite3*, const char*, int pages) {
    auto& impl = *static_cast<Impl*>(self);
    impl.pages_in_log = pages;
    if (impl.in_turn) return SQLITE_OK;
    try {
        impl.make_durable(impl.shared->log.written());
        return SQLITE_OK;
    } catch (const Error&) {
        return SQLITE_IOERR_FSYNC;
    }
}

void Database::Impl::make_durable(std::uint64_t ticket) {
    try {
        shared->log.until_durable(ticket, [this](bool doubtful) { sync_log(doubtful); });
    } catch (const Error& error) {
        // Never exhausted: the rows are there, and who put files beside them must leave them.
        throw Error(Fault::unavailable, "committed, but not known to be durable: {}", error.what());
    }
}

/// A test that keeps no promises says PRAGMA synchronous = OFF.
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
    // What the log's pages were is still to be read; whether the disk has them, nobody knows. A
    // checkpoint writes them all anew, into the database file, and syncs that.
    const std::lock_guard turn(shared->turn);
    int pages = 0;
    int copied = 0;
    check(sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_FULL, &pages, &copied), db,
          "copy a log that could not be synced");
    if (copied < pages) throw Error(Fault::unavailable, "a log could not be synced, nor copied");
}

/// A copy that fails costs nothing yet: the log has it all, and a later commit tries again.
void Database::Impl::copy_log() {
    auto last = shared->copied_at.load();
    if (pages_in_log < last) last = 0;  // it has begun anew
    if (pages_in_log - last < kCheckpointPages) return;
    std::unique_lock turn(shared->turn, std::defer_lock);
    if (pages_in_log >= kCheckpointInTurnPages) turn.lock();  // so that the log can begin anew
    shared->copied_at = pages_in_log;
    (void)sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

Statement::Statement(sqlite3* db, sqlite3_stmt* prepared, std::string_view name)
    : db_(db), prepared_(prepared), name_(name) {}

Statement::Statement(Statement&& other) noexcept
    : db_(other.db_), prepared_(std::exchange(other.prepared_, nullptr)), name_(other.name_) {}

Statement::~Statement() {
    if (prepared_ == nullptr) return;
    sqlite3_reset(prepared_);
    sqlite3_clear_bindings(prepared_);
}

namespace {

int index_of(sqlite3_stmt* prepared, const char* parameter, std::string_view name) {
    const int index = sqlite3_bind_parameter_index(prepared, parameter);
    if (index == 0) throw Error(Fault::bug, "statement {} has no parameter {}", name, parameter);
    return index;
}

}  // namespace

Statement& Statement::bind(const char* parameter, std::int64_t value) {
    check(sqlite3_bind_int64(prepared_, index_of(prepared_, parameter, name_), value), db_, name_);
    return *this;
}

Statement& Statement::bind(const char* parameter, std::string_view value) {
    const char* text = value.data() == nullptr ? "" : value.data();  // a null pointer would be NULL
    check(sqlite3_bind_text64(prepared_, index_of(prepared_, parameter, name_), text, value.size(),
                              SQLITE_TRANSIENT, SQLITE_UTF8),
          db_, name_);
    return *this;
}

Statement& Statement::bind_null(const char* parameter) {
    check(sqlite3_bind_null(prepared_, index_of(prepared_, parameter, name_)), db_, name_);
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(prepared_);
    check(code, db_, name_);
    return code == SQLITE_ROW;
}

void Statement::run() {
    while (step()) {
    }
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(prepared_, column);
}

std::string Statement::text(int column) const {
    const auto* bytes = sqlite3_column_blob(prepared_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column));
    return bytes == nullptr ? std::string{} : std::string(static_cast<const char*>(bytes), size);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(prepared_, column) == SQLITE_NULL;
}

Database::Database(const std::filesystem::path& file, Mode mode) : impl_(std::make_unique<Impl>()) {
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
    if (opened != SQLITE_OK) {
        throw Error(fault_of(opened), "cannot open the database {}: {}", file.string(),
                    sqlite3_errstr(opened));
    }
    check(sqlite3_busy_timeout(impl_->db, kBusyTimeoutMs), impl_->db, "busy timeout");
    execute(impl_->db, kConnectionPragmas, "open");
    sqlite3_wal_hook(impl_->db, &Impl::committed, impl_.get());
    if (mode == Mode::create) migrate();

    const auto ours = migrations().back().version;
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

Database::~Database() = default;

/// Two that open the file at once take turns; whoever comes second finds nothing left to do.
void Database::migrate() {
    if (version() > migrations().back().version) return;
    {
        const std::lock_guard turn(impl_->shared->turn);
        auto wal = prepare(kWal);
        if (!wal.step() || wal.text(0) != "wal") {
            throw Error(Fault::unavailable,
                        "the file system of {} cannot hold a write-ahead log: put data_dir on a "
                        "local disk",
                        impl_->file.string());
        }
    }
    if (version() == migrations().back().version) return;
    Transaction transaction(*this);
    for (const auto& migration : migrations()) {
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
    std::unique_lock<std::mutex> turn;
};

Database::Transaction::Transaction(Database& db) {
    if (db.in_transaction()) throw Error(Fault::bug, "a transaction inside a transaction");
    auto& impl = *db.impl_;
    state_ = std::make_unique<State>(State{impl, std::unique_lock<std::mutex>(impl.shared->turn)});
    execute(impl.db, "BEGIN IMMEDIATE", "begin");
    impl.in_turn = true;
}

Database::Transaction::~Transaction() {
    auto& impl = state_->impl;
    impl.in_turn = false;
    // After some errors SQLite has rolled back by itself already.
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
