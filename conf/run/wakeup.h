// SPDX-License-Identifier: Apache-2.0
// Wakeup: a hint that there may be work. The database decides; a lost hint costs one poll period.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace bucky {

class Wakeup {
public:
    /// There may be work. Any thread may call.
    void ring() {
        {
            const std::lock_guard lock(mutex_);
            ++rings_;
        }
        rung_.notify_all();
    }

    /// Number of rings so far. Read it *before* looking for work, then wait for the next ring.
    std::uint64_t rings() const {
        const std::lock_guard lock(mutex_);
        return rings_;
    }

    /// Waits until there are more rings than `seen`, `at_most` has passed, or a stop is requested.
    void wait_beyond(std::uint64_t seen, std::stop_token stop, std::chrono::milliseconds at_most) {
        std::unique_lock lock(mutex_);
        rung_.wait_for(lock, stop, at_most, [&] { return rings_ > seen; });
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable_any rung_;
    std::uint64_t rings_ = 0;
};

}  // namespace bucky
