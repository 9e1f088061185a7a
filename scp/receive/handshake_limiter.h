// SPDX-License-Identifier: Apache-2.0
// HandshakeLimiter: connections in the TLS handshake, or without their A-ASSOCIATE-RQ after it.
// Each costs a thread and a key exchange, so their number is limited. When one more comes, the
// connection that pending_by_address.h selects is cut: a caller that speaks TLS needs only
// milliseconds. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <sys/socket.h>

#include "conf/base/mutex.h"
#include "scp/receive/pending_by_address.h"

namespace bucky::scp {

class HandshakeLimiter {
    struct Standing {
        int fd;
        std::shared_ptr<bool> cut;  ///< outlives the slot that was lost
    };
    using Pending = PendingByAddress<Standing>;

public:
    explicit HandshakeLimiter(std::size_t most) : most_(most) {}
    HandshakeLimiter(const HandshakeLimiter&) = delete;
    HandshakeLimiter& operator=(const HandshakeLimiter&) = delete;

    /// Must be released before the descriptor is closed.
    class Slot {
    public:
        Slot(HandshakeLimiter& of, Pending::Slot at, std::shared_ptr<bool> cut)
            : of_(&of), at_(std::move(at)), cut_(std::move(cut)) {}
        Slot(Slot&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)),
              at_(std::move(other.at_)),
              cut_(std::move(other.cut_)) {}
        Slot& operator=(Slot&& other) noexcept {
            std::swap(of_, other.of_);
            std::swap(at_, other.at_);
            std::swap(cut_, other.cut_);
            return *this;
        }
        ~Slot() {
            if (of_ != nullptr) of_->leave(*this);
        }

        /// Whether another connection was cut for this one.
        bool cut() const {
            const MutexLock lock(of_->mutex_);
            return *cut_;
        }

    private:
        friend class HandshakeLimiter;
        HandshakeLimiter* of_;
        Pending::Slot at_;  ///< valid unless it was cut
        std::shared_ptr<bool> cut_;
    };

    Slot stand(int fd, const std::string& address) {
        const MutexLock lock(mutex_);
        while (standing_.size() >= most_) {
            const auto one = standing_.take_first_to_go();
            *one.cut = true;
            (void)::shutdown(one.fd, SHUT_RDWR);
        }
        auto cut = std::make_shared<bool>(false);
        auto at = standing_.join(address, {fd, cut});
        return {*this, std::move(at), std::move(cut)};
    }

private:
    void leave(const Slot& place) {
        const MutexLock lock(mutex_);
        if (!*place.cut_) standing_.leave(place.at_);
    }

    const std::size_t most_;
    Mutex mutex_;
    Pending standing_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
