// SPDX-License-Identifier: Apache-2.0
// DatabasePool: open databases that are reused by later associations. Opening one takes a
// millisecond, and some modalities open an association for each image. Any thread may lease one;
// only the thread that leased it uses it.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "conf/base/mutex.h"
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

    /// Returns an idle database, else opens one. Throws what Database throws.
    Lease lease();

private:
    void give_back(std::unique_ptr<storage::Database> db);

    std::filesystem::path file_;
    Mutex mutex_;
    std::vector<std::unique_ptr<storage::Database>> idle_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
