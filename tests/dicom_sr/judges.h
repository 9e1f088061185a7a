// SPDX-License-Identifier: Apache-2.0
// Programs by others that judge what we write, and a folder of a test's own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

class Folder : public TempDir {
public:
    std::filesystem::path keep(const std::string& name, const std::vector<std::uint8_t>& bytes);
};

/// Lines of dciodvfy -new (dicom3tools) that say Error; one of its own if it knew no IOD of ours.
std::string iod_errors(const std::filesystem::path& file);

}  // namespace bucky::test
