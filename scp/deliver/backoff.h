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

#include "conf/settings.h"

namespace bucky::scp {

class Backoff {
public:
    struct Limits {
        std::int64_t first_ms, cap_ms, give_up_days;
    };
    explicit Backoff(const Limits& limits) : limits_(limits) {}
    explicit Backoff(const conf::DestinationSettings& destination);

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

}  // namespace bucky::scp
