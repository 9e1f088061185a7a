// SPDX-License-Identifier: Apache-2.0
// Clock: the source of time, so that a test can set it.
//
// All stored times are milliseconds since 1970-01-01 UTC and end in `_ms`. The wall clock can be
// set at any moment, by a person or by NTP. So pauses and leases, which end with the process, are
// measured on a steady clock that nobody can set, and what is decided by the age of a stored time
// asks storage/expiry.h first.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "conf/base/clock_steps.h"

namespace bucky {

class Clock {
public:
    virtual ~Clock() = default;

    /// The wall clock.
    virtual std::int64_t now_ms() const = 0;

    /// Since some moment before the process began; never set, and counts on while the machine
    /// sleeps. Means nothing to another boot of the machine.
    virtual std::int64_t steady_ms() const = 0;

    /// Compares the two: what does so now and then, or before it decides, knows of every step.
    ClockSteps& steps() const {
        steps_.look(now_ms(), steady_ms());
        return steps_;
    }

private:
    mutable ClockSteps steps_;
};

/// The time of the machine.
class SystemClock final : public Clock {
public:
    SystemClock() { (void)steps(); }
    std::int64_t now_ms() const override;
    std::int64_t steady_ms() const override;
};

/// A time that changes only when it is set: for tests. Any thread may set it.
class SettableClock final : public Clock {
public:
    explicit SettableClock(std::int64_t start_ms) : now_ms_(start_ms) { (void)steps(); }
    std::int64_t now_ms() const override { return now_ms_; }
    std::int64_t steady_ms() const override { return steady_ms_; }

    /// Time passes.
    void advance_ms(std::int64_t by_ms) {
        now_ms_ += by_ms;
        steady_ms_ += by_ms;
    }

    /// Somebody sets the wall clock.
    void step_ms(std::int64_t by_ms) { now_ms_ += by_ms; }

private:
    std::atomic<std::int64_t> now_ms_;
    std::atomic<std::int64_t> steady_ms_ = 1'000'000;
};

/// 2026-11-23T14:30:05.123Z
std::string iso_utc(std::int64_t at_ms);

}  // namespace bucky
