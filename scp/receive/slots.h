// SPDX-License-Identifier: Apache-2.0
// Slots: limits how many associations may be open at once. Each open association holds a Slot. Any
// thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace bucky::scp {

class Slots {
public:
    explicit Slots(std::size_t most) : most_(most) {}
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    /// Held as long as the association is open.
    class Slot {
    public:
        explicit Slot(Slots& of) : of_(&of) {}
        Slot(Slot&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        Slot& operator=(Slot&& other) noexcept {
            std::swap(of_, other.of_);
            return *this;
        }
        ~Slot() {
            if (of_ != nullptr) --of_->taken_;
        }

    private:
        Slots* of_;
    };

    /// Nothing when all are taken.
    std::optional<Slot> take() {
        auto now = taken_.load();
        do {
            if (now >= most_) return std::nullopt;
        } while (!taken_.compare_exchange_weak(now, now + 1));
        return Slot{*this};
    }

    /// Sets the limit from now on; slots above it stay valid.
    void allow(std::size_t most) { most_ = most; }

private:
    std::atomic<std::size_t> most_;
    std::atomic<std::size_t> taken_{0};
};

}  // namespace bucky::scp
