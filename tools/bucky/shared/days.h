// SPDX-License-Identifier: Apache-2.0
// Days as archives write them, YYYYMMDD in local time (PS3.5 6.2, VR DA), and as people do. Pure,
// but for the time zone of the machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bucky {

std::string dicom_day(std::int64_t at_ms);  ///< the local day of this time

std::string dicom_moment(std::int64_t at_ms);  ///< YYYYMMDDHHMMSS, local

/// "2026-11-30", or "20261130" as an archive writes it. Throws bad_input.
std::string parse_day(std::string_view text);

/// Every day from `from` to `to`, both included and written YYYYMMDD. Throws bad_input when `to` is
/// before `from`, or they are more than 20 years apart.
std::vector<std::string> days_of(std::string_view from, std::string_view to);

/// "7d" or "12h": how many milliseconds. Throws bad_input.
std::int64_t parse_span_ms(std::string_view text);

/// "2026-11-30 14:05" of a DICOM date and time; what is not one stays as it is.
std::string shown_day(std::string_view date, std::string_view time = {});

}  // namespace bucky
