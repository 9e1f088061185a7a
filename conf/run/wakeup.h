// SPDX-License-Identifier: Apache-2.0
// Wakeup: a hint that there may be work. The database decides; a lost hint costs one poll period.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <utility>

#include "conf/base/mutex.h"

namespace bucky {

class Wakeup {
public:
    /// There may be work. Any thread may call.
    void ring() {
        {
            const MutexLock lock(mutex_);
            ++rings_;
        }
        rung_.notify_all();
    }

    /// Number of rings so far. Read it *before* looking for work, then wait for the next ring.
    std::uint64_t rings() const {
        const MutexLock lock(mutex_);
        return rings_;
    }

    /// Waits until there are more rings than `seen`, `at_most` has passed, or a stop is requested.
    void wait_beyond(std::uint64_t seen, std::stop_token stop, std::chrono::milliseconds at_most) {
        MutexLock lock(mutex_);
        rung_.wait_for(lock, std::move(stop), at_most,
                       [&]() REQUIRES(mutex_) { return rings_ > seen; });
    }

private:
    mutable Mutex mutex_;
    StoppableCondition rung_;
    std::uint64_t rings_ GUARDED_BY(mutex_) = 0;
};

}  // namespace bucky
