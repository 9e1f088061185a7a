// SPDX-License-Identifier: Apache-2.0
// Backoff: when a failed attempt is repeated, and when no more.
//
// Each wait is about twice the one before, up to a cap, with a random share, so that peers that
// failed together are not retried at the same moment. Threads: one Backoff each.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace bucky {

/// The wait after `attempt`: doubles from `first_ms` up to `cap_ms`, then spread by +-20 % (`dice`
/// 0..1) so that a thousand jobs are not due in the same second.
std::int64_t back_off_ms(int attempt, std::int64_t first_ms, std::int64_t cap_ms, double dice);

/// The longest wait that back_off_ms() returns.
std::int64_t longest_back_off_ms(std::int64_t cap_ms);

class Backoff {
public:
    struct Limits {
        std::int64_t first_ms, cap_ms, give_up_days;
    };
    explicit Backoff(const Limits& limits) : limits_(limits) {}

    /// The wait after this many failed attempts.
    std::int64_t wait_ms(int attempts);

    std::int64_t longest_wait_ms() const;

    /// Whether what has been tried since then is given up. storage/expiry.h says whether the clock
    /// may decide it.
    bool is_over(std::int64_t since_ms, std::int64_t now_ms) const;

    /// The words for what is given up.
    std::string given_up(std::string_view why) const;

private:
    Limits limits_;
    std::minstd_rand dice_{std::random_device{}()};
};

}  // namespace bucky
