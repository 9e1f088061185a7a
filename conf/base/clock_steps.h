// SPDX-License-Identifier: Apache-2.0
// ClockSteps: notices that the wall clock was set, and says when its time may be believed again.
//
// Between two looks the wall clock and a steady clock must have moved alike; a difference of more
// than a minute is a step. It is told once, whoever looked first. For an hour after a step
// is_settled() is false: a wrong time is mostly mended within minutes, and nothing may be
// deleted or given up by it meanwhile. Any thread may call.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/base/mutex.h"

namespace bucky {

class ClockSteps {
public:
    static constexpr std::int64_t kStepMs = 60'000;
    static constexpr std::int64_t kSettlesMs = 3'600'000;

    void look(std::int64_t now_ms, std::int64_t steady_ms);

    /// The time is not proven, though no step was seen: as after one, from now on.
    void doubt();

    /// The steps since this was asked last, in ms: for the one who tells them.
    std::vector<std::int64_t> take_untold();

    /// As of the last look.
    bool is_settled() const;

    /// What a person should know of the last hour; empty: no step.
    std::string trouble() const;

private:
    mutable Mutex mutex_;
    bool has_looked_ GUARDED_BY(mutex_) = false;
    std::int64_t ahead_ms_ GUARDED_BY(mutex_) = 0;   ///< of the wall clock, before the steady one
    std::int64_t steady_ms_ GUARDED_BY(mutex_) = 0;  ///< of the last look
    std::int64_t settled_from_steady_ms_ GUARDED_BY(mutex_) = 0;
    std::string trouble_ GUARDED_BY(mutex_);
    std::vector<std::int64_t> untold_ GUARDED_BY(mutex_);
};

/// "9 h", "40 d": how far a clock was set.
std::string step_in_words(std::int64_t by_ms);

}  // namespace bucky
