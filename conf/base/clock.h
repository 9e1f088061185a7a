// SPDX-License-Identifier: Apache-2.0
// Clock: the source of time, so that a test can set it.
// All stored times are milliseconds since 1970-01-01 UTC and end in `_ms`.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace bucky {

class Clock {
public:
    virtual ~Clock() = default;
    virtual std::int64_t now_ms() const = 0;
};

/// The time of the machine.
class SystemClock final : public Clock {
public:
    std::int64_t now_ms() const override;
};

/// A time that changes only when it is set: for tests. Any thread may set it.
class SettableClock final : public Clock {
public:
    explicit SettableClock(std::int64_t start_ms) : now_ms_(start_ms) {}
    std::int64_t now_ms() const override { return now_ms_; }
    void advance_ms(std::int64_t by_ms) { now_ms_ += by_ms; }

private:
    std::atomic<std::int64_t> now_ms_;
};

/// 2026-11-23T14:30:05.123Z
std::string iso_utc(std::int64_t at_ms);

}  // namespace bucky
