// SPDX-License-Identifier: Apache-2.0
// Wakeup: a hint that there may be work. The database is the truth; a lost hint costs one poll.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace bucky {

class Wakeup {
public:
    /// Something may have changed. Any thread.
    void ring() {
        {
            const std::lock_guard lock(mutex_);
            ++rings_;
        }
        rung_.notify_all();
    }

    /// How often it rang so far. Read it *before* looking for work, then wait for the next.
    std::uint64_t rings() const {
        const std::lock_guard lock(mutex_);
        return rings_;
    }

    /// Until it rings once more than `seen`, `at_most` has passed, or a stop is asked for.
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
