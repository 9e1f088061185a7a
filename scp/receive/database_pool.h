// SPDX-License-Identifier: Apache-2.0
// DatabasePool: open databases that wait for their next association. Opening one costs a
// millisecond, and some modalities open an association for each image. Any thread may lease; the
// one that leased uses it alone.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/database.h"

namespace bucky::scp {

class DatabasePool {
public:
    explicit DatabasePool(std::filesystem::path file) : file_(std::move(file)) {}

    class Lease {
    public:
        Lease(DatabasePool& pool, std::unique_ptr<storage::Database> db)
            : pool_(&pool), db_(std::move(db)) {}
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;
        ~Lease() {
            if (db_) pool_->give_back(std::move(db_));
        }
        storage::Database& operator*() const { return *db_; }

    private:
        DatabasePool* pool_;
        std::unique_ptr<storage::Database> db_;
    };

    /// An idle one, else a new one. Throws what Database throws.
    Lease lease();

private:
    void give_back(std::unique_ptr<storage::Database> db);

    std::filesystem::path file_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<storage::Database>> idle_;
};

}  // namespace bucky::scp
