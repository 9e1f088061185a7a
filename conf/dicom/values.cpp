// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/values.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <vector>

#include <fmt/format.h>

namespace bucky {
namespace {

constexpr double kDaysOfYear = 365.2425;

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

int number_of(std::string_view digits) {
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(' ') - begin + 1));
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

std::optional<std::chrono::year_month_day> day_of(std::string_view date) {
    if (date.size() != 8 || !all_digits(date)) return std::nullopt;
    const std::chrono::year_month_day day{
        std::chrono::year{number_of(date.substr(0, 4))},
        std::chrono::month{static_cast<unsigned>(number_of(date.substr(4, 2)))},
        std::chrono::day{static_cast<unsigned>(number_of(date.substr(6)))}};
    const bool is_there = day.ok() && day.year() > std::chrono::year{0};
    return is_there ? std::optional(day) : std::nullopt;
}

/// "1950", "1", "1" of "1950-1-1": three numbers of digits, the year first.
std::string joined_parts(std::string_view text) {
    constexpr std::string_view kBetween = "./-";
    const auto first = text.find_first_of(kBetween);
    if (first != 4) return {};
    const char between = text[first];
    const auto second = text.find(between, first + 1);
    if (second == std::string_view::npos) return {};
    const auto year = text.substr(0, first);
    const auto month = text.substr(first + 1, second - first - 1);
    const auto day = text.substr(second + 1);
    const auto is_short = [](std::string_view part) { return all_digits(part) && part.size() < 3; };
    if (!all_digits(year) || !is_short(month) || !is_short(day)) return {};
    return fmt::format("{}{:02}{:02}", year, number_of(month), number_of(day));
}

}  // namespace

std::string date_value(std::string_view raw) {
    const std::string text = trimmed(raw);
    std::string_view digits = text;
    // A DT value, PS3.5 6.2: the day, then hours, minutes and seconds.
    const bool has_time = digits.size() == 12 || digits.size() == 14;
    if (has_time && all_digits(digits)) digits = digits.substr(0, 8);
    if (day_of(digits)) return std::string(digits);
    const std::string joined = joined_parts(text);
    return day_of(joined) ? joined : "";
}

std::string age_value(std::string_view raw) {
    const std::string text = upper(trimmed(raw));
    if (text.size() < 2 || text.size() > 4) return {};
    const std::string_view digits = std::string_view(text).substr(0, text.size() - 1);
    const bool has_unit = std::string_view("DWMY").find(text.back()) != std::string_view::npos;
    if (!has_unit || !all_digits(digits)) return {};
    return fmt::format("{:03}{}", number_of(digits), text.back());
}

std::string sex_value(std::string_view raw) {
    const std::string text = upper(trimmed(raw));
    for (const std::string_view word : {"MALE", "FEMALE", "OTHER"}) {  // PS3.3 C.7.1.1
        if (text == word || text == word.substr(0, 1)) return std::string(word.substr(0, 1));
    }
    return {};
}

std::optional<double> years_between(std::string_view earlier, std::string_view later) {
    const auto from = day_of(date_value(earlier));
    const auto to = day_of(date_value(later));
    if (!from || !to) return std::nullopt;
    const auto days = [](const std::chrono::year_month_day& day) {
        return std::chrono::sys_days(day).time_since_epoch().count();
    };
    const auto in_year = [](const std::chrono::year_month_day& day) {
        return std::pair(day.month(), day.day());
    };
    if (days(*to) < days(*from)) {
        return static_cast<double>(days(*to) - days(*from)) / kDaysOfYear;
    }
    int whole = static_cast<int>(to->year()) - static_cast<int>(from->year());
    if (in_year(*to) < in_year(*from)) --whole;
    const auto birthday = *from + std::chrono::years{whole};  // of 29 February: 1 March
    const double since = static_cast<double>(days(*to) - days(birthday)) / kDaysOfYear;
    return whole + std::clamp(since, 0.0, 0.999);
}

std::optional<YearRange> years_of_age(std::string_view age) {
    const std::string value = age_value(age);
    if (value.empty()) return std::nullopt;
    const int number = number_of(std::string_view(value).substr(0, 3));
    const auto range = [&](double of_a_year) {
        return YearRange{number / of_a_year, (number + 1) / of_a_year};
    };
    switch (value.back()) {
        case 'Y': return range(1);
        case 'M': return range(12);
        case 'W': return range(kDaysOfYear / 7);
        default: return range(kDaysOfYear);
    }
}

}  // namespace bucky
