// SPDX-License-Identifier: Apache-2.0
// Files named on a command line, and output files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bucky {

/// The files themselves, and every regular file below the folders, each folder in name order.
/// Throws bad_input for a path that does not exist.
std::vector<std::filesystem::path> files_of(const std::vector<std::filesystem::path>& paths);

/// Throws unavailable when not everything could be written.
void write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& file, std::string_view text);

/// The whole of a text file. Throws unavailable when it cannot be read.
std::string read_text(const std::filesystem::path& file);

}  // namespace bucky
