// SPDX-License-Identifier: Apache-2.0
#include "conf/base/clock_steps.h"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace bucky {

void ClockSteps::look(std::int64_t now_ms, std::int64_t steady_ms) {
    const MutexLock lock(mutex_);
    const auto ahead_ms = now_ms - steady_ms;
    const auto step_ms = has_looked_ ? ahead_ms - ahead_ms_ : 0;
    has_looked_ = true;
    ahead_ms_ = ahead_ms;
    steady_ms_ = steady_ms;
    if (std::abs(step_ms) <= kStepMs) return;
    settled_from_steady_ms_ = steady_ms + kSettlesMs;
    trouble_ = fmt::format(
        "the clock of this machine was set {} by {}: nothing is deleted or given up by its age for "
        "an hour",
        step_ms > 0 ? "forward" : "back", step_in_words(step_ms));
    untold_.push_back(step_ms);
}

std::vector<std::int64_t> ClockSteps::take_untold() {
    const MutexLock lock(mutex_);
    return std::exchange(untold_, {});
}

void ClockSteps::doubt() {
    const MutexLock lock(mutex_);
    settled_from_steady_ms_ = steady_ms_ + kSettlesMs;
}

bool ClockSteps::is_settled() const {
    const MutexLock lock(mutex_);
    return steady_ms_ >= settled_from_steady_ms_;
}

std::string ClockSteps::trouble() const {
    const MutexLock lock(mutex_);
    return steady_ms_ >= settled_from_steady_ms_ ? std::string{} : trouble_;
}

std::string step_in_words(std::int64_t by_ms) {
    const auto seconds = std::abs(by_ms) / 1000;
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
    if (seconds < 2 * 86400) return fmt::format("{} h", seconds / 3600);
    return fmt::format("{} d", seconds / 86400);
}

}  // namespace bucky
