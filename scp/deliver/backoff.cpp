// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/backoff.h"

#include <fmt/format.h>

#include "storage/job_queue.h"

namespace bucky::scp {
namespace {

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kDayMs = 24 * 3600 * kSecondMs;

}  // namespace

Backoff::Backoff(const conf::DestinationSettings& destination)
    : Backoff(Limits{destination.retry_first_s * kSecondMs, destination.retry_cap_s * kSecondMs,
                     destination.give_up_days}) {}

std::int64_t Backoff::wait_ms(int attempts) {
    return storage::back_off_ms(attempts, limits_.first_ms, limits_.cap_ms,
                                std::uniform_real_distribution<>{}(dice_));
}

std::int64_t Backoff::longest_wait_ms() const {
    return storage::longest_back_off_ms(limits_.cap_ms);
}

bool Backoff::is_over(std::int64_t since_ms, std::int64_t now_ms) const {
    return now_ms - since_ms >= limits_.give_up_days * kDayMs;
}

std::string Backoff::given_up(std::string_view why) const {
    return fmt::format("given up after {} days: {}", limits_.give_up_days, why);
}

}  // namespace bucky::scp
