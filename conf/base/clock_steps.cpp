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
    // Rounded: two clocks are read one after the other, so nine hours may be 8:59:59.998.
    const auto in = [seconds = (std::abs(by_ms) + 500) / 1000](std::int64_t unit) {
        return (seconds + unit / 2) / unit;
    };
    if (in(1) < 120) return fmt::format("{} s", in(1));
    if (in(60) < 120) return fmt::format("{} min", in(60));
    if (in(3600) < 48) return fmt::format("{} h", in(3600));
    return fmt::format("{} d", in(86400));
}

}  // namespace bucky
