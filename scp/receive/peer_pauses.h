// SPDX-License-Identifier: Apache-2.0
// PeerPauses: which peers are being called now, and which pause after a failure. Each peer is
// called by one thread at a time and pauses alone: a peer that is switched off delays no other. Its
// pause doubles after each failure, up to a cap.
//
// Kept in memory: after a restart each peer is tried once, soon. Times are of the steady clock
// (conf/base/clock.h). Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "conf/base/mutex.h"
#include "conf/run/backoff.h"

namespace bucky::scp {

class PeerPauses {
public:
    explicit PeerPauses(const Backoff::Limits& limits) : backoff_(limits) {}
    PeerPauses(const PeerPauses&) = delete;
    PeerPauses& operator=(const PeerPauses&) = delete;

    /// The peer is being called as long as this exists.
    class Turn {
    public:
        Turn(PeerPauses& of, std::string peer) : of_(&of), peer_(std::move(peer)) {}
        Turn(Turn&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), peer_(std::move(other.peer_)) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (of_ != nullptr) of_->end(peer_);
        }

    private:
        PeerPauses* of_;
        std::string peer_;
    };

    /// Whether no thread calls it and it does not pause.
    Turn begin(const std::string& peer) {
        const MutexLock lock(mutex_);
        peers_[peer].is_called = true;
        return {*this, peer};
    }

    bool is_called(const std::string& peer) const {
        const MutexLock lock(mutex_);
        const auto found = peers_.find(peer);
        return found != peers_.end() && found->second.is_called;
    }

    /// The end of its pause; `steady_ms` when it does not pause.
    std::int64_t rests_until_ms(const std::string& peer, std::int64_t steady_ms) const {
        const MutexLock lock(mutex_);
        const auto found = peers_.find(peer);
        if (found == peers_.end()) return steady_ms;
        return std::max(steady_ms, found->second.failed_at_ms + found->second.rest_ms);
    }

    bool is_free(const std::string& peer, std::int64_t steady_ms) const {
        return !is_called(peer) && rests_until_ms(peer, steady_ms) <= steady_ms;
    }

    /// The call failed and the peer pauses. Returns for how long.
    std::int64_t failed(const std::string& peer, std::int64_t steady_ms) {
        const MutexLock lock(mutex_);
        auto& state = peers_[peer];
        state.failed_at_ms = steady_ms;
        state.rest_ms = backoff_.wait_ms(++state.failures);
        return state.rest_ms;
    }

    void answered(const std::string& peer) {
        const MutexLock lock(mutex_);
        auto& state = peers_[peer];
        state.failures = 0;
        state.rest_ms = 0;
    }

private:
    struct State {
        bool is_called = false;
        int failures = 0;  ///< in a row
        std::int64_t failed_at_ms = 0, rest_ms = 0;
    };

    void end(const std::string& peer) {
        const MutexLock lock(mutex_);
        const auto found = peers_.find(peer);
        found->second.is_called = false;
        if (found->second.failures == 0) peers_.erase(found);
    }

    mutable Mutex mutex_;
    Backoff backoff_;
    /// Only those that are called or have failed.
    std::map<std::string, State> peers_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
