// SPDX-License-Identifier: Apache-2.0
// DatabasePool: open databases that are reused by later associations. Opening one takes a
// millisecond, and some modalities open an association for each image. Any thread may lease one;
// only the thread that leased it uses it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "conf/base/mutex.h"
#include "storage/database.h"
#include "storage/site.h"

namespace bucky::scp {

class DatabasePool {
public:
    explicit DatabasePool(storage::Site site) : site_(std::move(site)) {}

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

    /// Returns an idle database, else opens one. Throws what Site::open() throws.
    Lease lease();

private:
    void give_back(std::unique_ptr<storage::Database> db);

    storage::Site site_;
    Mutex mutex_;
    std::vector<std::unique_ptr<storage::Database>> idle_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
