// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/database_pool.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kIdleMax = 8;

}  // namespace

DatabasePool::Lease DatabasePool::lease() {
    {
        const MutexLock lock(mutex_);
        if (!idle_.empty()) {
            auto db = std::move(idle_.back());
            idle_.pop_back();
            return {*this, std::move(db)};
        }
    }
    return {*this, site_.open_on_heap()};
}

void DatabasePool::give_back(std::unique_ptr<storage::Database> db) {
    const MutexLock lock(mutex_);
    if (idle_.size() < kIdleMax) idle_.push_back(std::move(db));
}

}  // namespace bucky::scp
