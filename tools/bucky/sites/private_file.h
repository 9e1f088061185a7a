// SPDX-License-Identifier: Apache-2.0
// Files and folders that only the service may read: keys, and what is kept beside them. Whoever
// writes as root gives them to the user that owns the folder above.
#pragma once

#include <filesystem>
#include <string>

namespace bucky {

/// Whole or not at all, mode 0600. Throws unavailable when it cannot be written.
void write_private_file(const std::filesystem::path& file, const std::string& text);

/// node.data_dir, if it is not there yet: mode 0700, and made by root it is given to `user`, that
/// of the service, if the machine has such a user. Throws bad_input with the command that makes it.
void make_data_folder(const std::filesystem::path& folder, const char* user = "bucky");

/// Mode 0700. Throws unavailable when it cannot be made.
void make_private_folder(const std::filesystem::path& folder);

}  // namespace bucky
