// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/working_hours.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

namespace bucky {
namespace {

constexpr std::int64_t kLongestMs = 92LL * 24 * 3600 * 1000;
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/// This hour of the day; the day's length varies where clocks are put forward.
std::int64_t at_hour(std::tm day, std::int64_t hour) {
    day.tm_hour = static_cast<int>(hour);
    day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    return std::mktime(&day) * 1000LL;
}

}  // namespace

std::int64_t working_ms_between(std::int64_t from_ms, std::int64_t to_ms,
                                const conf::StatusSettings& status) {
    from_ms = std::max(from_ms, to_ms - kLongestMs);
    const std::time_t from_s = from_ms / 1000;
    std::tm day{};
    ::localtime_r(&from_s, &day);
    std::int64_t worked_ms = 0;
    while (at_hour(day, 0) < to_ms) {
        const auto word = kDays.at(static_cast<std::size_t>(day.tm_wday));
        if (std::ranges::count(status.working_days, word) > 0) {
            const auto begins = std::max(from_ms, at_hour(day, status.day_begins_hour));
            const auto ends = std::min(to_ms, at_hour(day, status.day_ends_hour));
            worked_ms += std::max<std::int64_t>(ends - begins, 0);
        }
        ++day.tm_mday;
        day.tm_hour = 12;  // no clock is put forward at noon
        day.tm_isdst = -1;
        (void)std::mktime(&day);  // sets the weekday of the next day
    }
    return worked_ms;
}

}  // namespace bucky
