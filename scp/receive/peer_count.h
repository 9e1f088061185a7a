// SPDX-License-Identifier: Apache-2.0
// PeerCount: the number of open associations per caller, so that one faulty or hostile caller
// cannot take all of them. A caller is an AE title at an address (several modalities may share one
// address), or all callers that one [[peer]] row names. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "conf/base/mutex.h"

namespace bucky::scp {

class PeerCount {
public:
    /// Held as long as the association is open.
    class Slot {
    public:
        Slot(PeerCount& of, std::string peer) : of_(&of), peer_(std::move(peer)) {}
        Slot(Slot&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), peer_(std::move(other.peer_)) {}
        Slot& operator=(Slot&& other) noexcept {
            std::swap(of_, other.of_);  // the old slot is released with `other`
            std::swap(peer_, other.peer_);
            return *this;
        }
        ~Slot() {
            if (of_ != nullptr) of_->leave(peer_);
        }

    private:
        PeerCount* of_;
        std::string peer_;
    };

    /// Nothing when this caller has `most` already.
    std::optional<Slot> take(const std::string& peer, std::size_t most) {
        const MutexLock lock(mutex_);
        auto& open = open_[peer];
        if (open >= most) return std::nullopt;
        ++open;
        return std::optional<Slot>{std::in_place, *this, peer};
    }

private:
    void leave(const std::string& peer) {
        const MutexLock lock(mutex_);
        const auto found = open_.find(peer);
        if (--found->second == 0) open_.erase(found);
    }

    Mutex mutex_;
    std::map<std::string, std::size_t> open_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
