// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/days.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "conf/base/error.h"

namespace bucky {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

bool are_digits(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char one) { return one >= '0' && one <= '9'; });
}

int number(std::string_view digits) {
    int made = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), made);
    return made;
}

/// Of eight digits; it may be none.
std::chrono::year_month_day day_in(std::string_view all) {
    return {std::chrono::year{number(all.substr(0, 4))},
            std::chrono::month{static_cast<unsigned>(number(all.substr(4, 2)))},
            std::chrono::day{static_cast<unsigned>(number(all.substr(6)))}};
}

}  // namespace

std::string dicom_day(std::int64_t at_ms) {
    const auto at = static_cast<std::time_t>(at_ms / 1000);
    std::tm local{};
    (void)::localtime_r(&at, &local);
    return fmt::format("{:04}{:02}{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

std::string dicom_moment(std::int64_t at_ms) {
    const auto at = static_cast<std::time_t>(at_ms / 1000);
    std::tm local{};
    (void)::localtime_r(&at, &local);
    return dicom_day(at_ms) +
           fmt::format("{:02}{:02}{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string parse_day(std::string_view text) {
    std::string digits{text};
    if (digits.size() == 10 && digits[4] == '-' && digits[7] == '-') std::erase(digits, '-');
    if (digits.size() == 8 && are_digits(digits)) {
        if (day_in(digits).ok()) return digits;
    }
    throw Error(Fault::bad_input, "{} is no day such as 2026-11-30", text);
}

std::vector<std::string> days_of(std::string_view from, std::string_view to) {
    constexpr std::chrono::days kSpanMax{20 * 366};
    const std::chrono::sys_days first = day_in(from), last = day_in(to);
    if (last < first || last - first > kSpanMax) {
        throw Error(Fault::bad_input, "{} to {} is no span of days, or more than 20 years",
                    shown_day(from), shown_day(to));
    }
    std::vector<std::string> days;
    for (auto day = first; day <= last; day += std::chrono::days{1}) {
        const std::chrono::year_month_day date{day};
        days.push_back(fmt::format("{:04}{:02}{:02}", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()),
                                   static_cast<unsigned>(date.day())));
    }
    return days;
}

std::int64_t parse_span_ms(std::string_view text) {
    constexpr std::size_t kDigitsMax = 4;
    const auto digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
    const char unit = text.empty() ? ' ' : text.back();
    if (!are_digits(digits) || digits.size() > kDigitsMax || (unit != 'd' && unit != 'h')) {
        throw Error(Fault::bad_input, "{} is no time such as 7d or 12h", text);
    }
    return number(digits) * kHourMs * (unit == 'd' ? 24 : 1);
}

std::string shown_day(std::string_view date, std::string_view time) {
    if (date.size() != 8 || !are_digits(date)) return std::string{date};
    auto shown = fmt::format("{}-{}-{}", date.substr(0, 4), date.substr(4, 2), date.substr(6));
    if (time.size() >= 4 && are_digits(time.substr(0, 4))) {
        shown += fmt::format(" {}:{}", time.substr(0, 2), time.substr(2, 2));
    }
    return shown;
}

}  // namespace bucky
