// SPDX-License-Identifier: Apache-2.0
// Tables as comma-separated values (RFC 4180). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bucky {

/// The cells, in quotes where that is needed, with the line's end.
std::string csv_line(const std::vector<std::string>& cells);

/// What a program of tables would take for a formula is made plain text: cells that strangers fill
/// (a device's name) may begin with "=".
std::string no_formula(std::string_view cell);

/// The lines of a file that a person wrote; empty lines and a byte order mark are left out, and
/// spaces around a cell. Comma, semicolon or tab, as the first line has.
std::vector<std::vector<std::string>> read_csv(std::string_view text);

}  // namespace bucky
