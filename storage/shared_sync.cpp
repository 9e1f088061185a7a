// SPDX-License-Identifier: Apache-2.0
#include "storage/shared_sync.h"

namespace bucky::storage {

std::uint64_t SharedSync::written() {
    const MutexLock lock(mutex_);
    return ++written_;
}

void SharedSync::until_durable(std::uint64_t ticket,
                               const std::function<void(bool doubtful)>& sync) {
    MutexLock lock(mutex_);
    while (durable_ < ticket) {
        if (syncing_) {
            ended_.wait(lock);
            continue;
        }
        syncing_ = true;
        const auto covered = written_;
        const bool doubtful = doubtful_;
        lock.unlock();
        try {
            sync(doubtful);
        } catch (...) {  // the others must not wait for a sync that failed
            lock.lock();
            syncing_ = false;
            doubtful_ = true;
            ended_.notify_all();
            throw;
        }
        lock.lock();
        syncing_ = false;
        doubtful_ = false;
        durable_ = covered;
        ended_.notify_all();
    }
}

}  // namespace bucky::storage
