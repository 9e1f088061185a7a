// SPDX-License-Identifier: Apache-2.0
// Database: one SQLite file (WAL, every commit synced) that stores everything but the pixels.
//
// Open one per thread: connections share only the file. SQL is kept in named constants beside the
// function that runs it; parameters are bound by name (":lane"). A transaction that is not
// committed is rolled back when it leaves its scope.
//
// SQLite's result codes become faults: full -> exhausted; busy, I/O error, cannot open, damaged or
// not a database -> unavailable; anything else is a programming error -> bug. Damage, and a file
// that was deleted or replaced while the process runs, are also listed in troubles() until the
// process ends.
//
// A process that uses the database must open its files through SQLite only: closing any other
// descriptor of them releases SQLite's locks (database_files.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/schema.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bucky::storage {

/// A statement, with the name that logs, tests and query plans use.
struct Sql {
    std::string_view name;
    std::string_view text;
};

class Database;

/// A prepared statement, reset when it leaves its scope. Use: bind by name, then step() or run().
class Statement {
public:
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement(Statement&& other) noexcept;
    ~Statement();

    Statement& bind(const char* parameter, std::int64_t value);
    Statement& bind(const char* parameter, std::string_view value);
    Statement& bind_null(const char* parameter);

    bool step();  ///< true: a row is available; false: done
    void run();   ///< to the end, ignoring rows

    std::int64_t integer(int column) const;
    std::string text(int column) const;
    bool is_null(int column) const;

private:
    friend class Database;
    Statement(sqlite3* db, sqlite3_stmt* prepared, std::string_view name);
    sqlite3* db_;
    sqlite3_stmt* prepared_;
    std::string_view name_;
};

class Database {
public:
    /// Opens the file; where `create`, also creates and migrates it. Throws unavailable when it
    /// cannot be opened, exhausted when the disk is full, unsupported when its schema is newer than
    /// ours (without `create`: also when it is older). When the last connection closes, it copies
    /// the log into the file if it was opened with `create`; other connections leave the log as it
    /// is.
    enum class Mode { create, existing, read_only };
    /// `schema`: of the file; that of the node's own database by default.
    explicit Database(const std::filesystem::path& file, Mode mode = Mode::create,
                      std::span<const Migration> schema = migrations());
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// Prepared once per connection, cached, and returned reset. A statement that is still being
    /// stepped is not returned twice: that is a bug and throws.
    Statement prepare(const Sql& sql);
    std::int64_t changes() const;  ///< rows changed by the last statement
    std::int64_t last_row_id() const;
    bool in_transaction() const;
    std::int64_t version();  ///< of the schema in the file

    /// What is wrong with the files themselves, found by any connection of this process: one
    /// sentence each, with the file and what to do. It does not throw because of such findings.
    std::vector<std::string> troubles();

    /// Throws unavailable when there are troubles: the database must not accept promises then.
    void require_sound();

    /// BEGIN IMMEDIATE. Writers in this process take turns instead of polling SQLite's lock. One at
    /// a time per connection: a second inside the first is a bug and throws.
    ///
    /// commit() returns when the commit is durable. It releases the turn before the sync, so that
    /// one sync of the log serves all writers that committed meanwhile (shared_sync.h). When it
    /// throws unavailable, the commit may still be there; when it throws exhausted, it is not.
    class Transaction {
    public:
        explicit Transaction(Database& db);
        Transaction(const Transaction&) = delete;
        Transaction& operator=(const Transaction&) = delete;
        ~Transaction();  ///< rolls back unless committed
        void commit();

    private:
        struct State;
        std::unique_ptr<State> state_;
    };

private:
    friend class Transaction;
    void settle(Mode mode);
    void migrate();
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::storage
