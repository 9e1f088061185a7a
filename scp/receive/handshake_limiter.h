// SPDX-License-Identifier: Apache-2.0
// HandshakeLimiter: who is in the TLS handshake, or has not sent his A-ASSOCIATE-RQ after it. Each
// costs a thread and a key exchange, so they are few; when one more comes, the one that stands here
// longest has his connection cut: a caller who speaks TLS is through in milliseconds. Any thread.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <utility>

#include <sys/socket.h>

namespace bucky::scp {

class HandshakeLimiter {
    struct Standing {
        int fd;
        bool cut = false;
    };

public:
    explicit HandshakeLimiter(std::size_t most) : most_(most) {}
    HandshakeLimiter(const HandshakeLimiter&) = delete;
    HandshakeLimiter& operator=(const HandshakeLimiter&) = delete;

    /// Given up before the descriptor is closed.
    class Slot {
    public:
        Slot(HandshakeLimiter& of, std::list<Standing>::iterator at) : of_(&of), at_(at) {}
        Slot(Slot&& other) noexcept : of_(std::exchange(other.of_, nullptr)), at_(other.at_) {}
        Slot& operator=(Slot&& other) noexcept {
            std::swap(of_, other.of_);
            std::swap(at_, other.at_);
            return *this;
        }
        ~Slot() {
            if (of_ != nullptr) of_->leave(at_);
        }

        /// Whether he had to make room.
        bool cut() const {
            const std::lock_guard lock(of_->mutex_);
            return at_->cut;
        }

    private:
        HandshakeLimiter* of_;
        std::list<Standing>::iterator at_;
    };

    Slot stand(int fd) {
        const std::lock_guard lock(mutex_);
        std::size_t uncut = 0;
        for (const auto& one : standing_) uncut += one.cut ? 0 : 1;
        for (auto& one : standing_) {
            if (uncut < most_) break;
            if (one.cut) continue;
            one.cut = true;
            (void)::shutdown(one.fd, SHUT_RDWR);
            --uncut;
        }
        return {*this, standing_.insert(standing_.end(), {fd})};
    }

private:
    void leave(std::list<Standing>::iterator at) {
        const std::lock_guard lock(mutex_);
        standing_.erase(at);
    }

    const std::size_t most_;
    std::mutex mutex_;
    std::list<Standing> standing_;  ///< the longest standing first
};

}  // namespace bucky::scp
