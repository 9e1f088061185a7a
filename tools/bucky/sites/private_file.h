// SPDX-License-Identifier: Apache-2.0
// Files and folders that only the service may read: keys, and what is kept beside them. Whoever
// writes as root gives them to the user that owns the folder above.
#pragma once

#include <filesystem>
#include <string>

namespace bucky {

/// Whole or not at all, mode 0600. Throws unavailable when it cannot be written.
void write_private_file(const std::filesystem::path& file, const std::string& text);

/// Mode 0700. Throws unavailable when it cannot be made.
void make_private_folder(const std::filesystem::path& folder);

}  // namespace bucky
