// SPDX-License-Identifier: Apache-2.0
#include "conf/run/backoff.h"

#include <algorithm>

#include <fmt/format.h>

namespace bucky {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

}  // namespace

std::int64_t back_off_ms(int attempt, std::int64_t first_ms, std::int64_t cap_ms, double dice) {
    std::int64_t wait_ms = std::min(first_ms, cap_ms);
    for (int again = 1; again < attempt && wait_ms < cap_ms; ++again) {
        wait_ms = wait_ms > cap_ms / 2 ? cap_ms : wait_ms * 2;
        if (wait_ms <= 0) break;  // a first wait of 0 stays 0
    }
    const double spread = 0.8 + 0.4 * std::clamp(dice, 0.0, 1.0);
    return static_cast<std::int64_t>(static_cast<double>(wait_ms) * spread);
}

std::int64_t longest_back_off_ms(std::int64_t cap_ms) {
    return back_off_ms(1, cap_ms, cap_ms, 1.0) + 1;
}

std::int64_t Backoff::wait_ms(int attempts) {
    return back_off_ms(attempts, limits_.first_ms, limits_.cap_ms,
                       std::uniform_real_distribution<>{}(dice_));
}

std::int64_t Backoff::longest_wait_ms() const {
    return longest_back_off_ms(limits_.cap_ms);
}

bool Backoff::is_over(std::int64_t since_ms, std::int64_t now_ms) const {
    return now_ms - since_ms >= limits_.give_up_days * kDayMs;
}

std::string Backoff::given_up(std::string_view why) const {
    return fmt::format("given up after {} days: {}", limits_.give_up_days, why);
}

}  // namespace bucky
