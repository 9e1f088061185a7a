// SPDX-License-Identifier: Apache-2.0
// Room: how many associations may be open at once, and a place for each that is. Any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace bucky::scp {

class Room {
public:
    explicit Room(std::size_t most) : most_(most) {}
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    /// Held as long as the association is open.
    class Place {
    public:
        explicit Place(Room& of) : of_(&of) {}
        Place(Place&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        Place& operator=(Place&& other) noexcept {
            std::swap(of_, other.of_);
            return *this;
        }
        ~Place() {
            if (of_ != nullptr) --of_->taken_;
        }

    private:
        Room* of_;
    };

    /// Nothing when all are taken.
    std::optional<Place> take() {
        auto now = taken_.load();
        do {
            if (now >= most_) return std::nullopt;
        } while (!taken_.compare_exchange_weak(now, now + 1));
        return Place{*this};
    }

    /// From now on; those above it keep their places.
    void allow(std::size_t most) { most_ = most; }

private:
    std::atomic<std::size_t> most_;
    std::atomic<std::size_t> taken_{0};
};

}  // namespace bucky::scp
