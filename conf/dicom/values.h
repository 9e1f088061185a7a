// SPDX-License-Identifier: Apache-2.0
// Dates, ages and sexes as devices write them, in the one form that DICOM has for each (PS3.5 6.2).
// Only the spelling changes: what would have to be guessed has no such form. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bucky {

/// DA: "19500101" of 1950/01/01, 1950-1-1, 1950.01.01 (ACR-NEMA) and 19500101120000. Empty for what
/// is no day of the calendar (00000000, 19500231) or does not tell the day from the month
/// (01/02/1950).
std::string date_value(std::string_view text);

/// AS: "045Y" of "45Y", "045y". Empty for what is no age.
std::string age_value(std::string_view text);

/// Patient's Sex: M, F or O, also of "m" and "FEMALE". Empty for others, such as U.
std::string sex_value(std::string_view text);

/// The years from one day to another, both DA: whole ones by the calendar, and the part of the year
/// since the last birthday. Negative if `later` comes first; nullopt if one is no date.
std::optional<double> years_between(std::string_view earlier, std::string_view later);

/// The ages that an AS value stands for, in years: "003Y" from 3 to below 4.
struct YearRange {
    double from = 0, below = 0;
};
std::optional<YearRange> years_of_age(std::string_view age);

}  // namespace bucky
