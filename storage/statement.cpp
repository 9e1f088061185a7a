// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <sqlite3.h>

#include "conf/base/error.h"
#include "storage/database.h"
#include "storage/shared_database.h"

namespace bucky::storage {

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
    const char* text = value.data() == nullptr ? "" : value.data();  // nullptr would bind NULL
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
    if (const auto failed = std::exchange(failed_sync(), std::nullopt)) throw Error(*failed);
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

}  // namespace bucky::storage
