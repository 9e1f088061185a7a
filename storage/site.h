// SPDX-License-Identifier: Apache-2.0
// Site: a node's data folder, as the place where connections to its database are opened. Nothing
// outside storage/ knows that the database is one SQLite file, or its name. Cheap to copy. Any
// thread.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "storage/database.h"

namespace bucky::storage {

class Site {
public:
    explicit Site(std::filesystem::path data_dir) : data_dir_(std::move(data_dir)) {}

    /// A connection for one thread. Throws what Database throws.
    Database open(Database::Mode mode = Database::Mode::create) const {
        return Database{database_file(), mode};
    }

    /// The same, for a connection that outlives the scope in which it is opened.
    std::unique_ptr<Database> open_on_heap(Database::Mode mode = Database::Mode::create) const {
        return std::make_unique<Database>(database_file(), mode);
    }

    /// Whether a node has run here. False, too, when the folder cannot be read.
    bool has_database() const;

    /// Only for storage/, and for tests that damage or read the file itself.
    std::filesystem::path database_file() const { return data_dir_ / kDatabaseName; }
    static constexpr const char* kDatabaseName = "bucky.db";

private:
    std::filesystem::path data_dir_;
};

}  // namespace bucky::storage
