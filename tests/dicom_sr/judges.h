// SPDX-License-Identifier: Apache-2.0
// Independent programs that check our objects, and a temporary folder for a test.
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

/// Lines with "Error" of dciodvfy -new (dicom3tools), and one line if it does not know the IOD.
std::string iod_errors(const std::filesystem::path& file);

/// Lines with "Error" of dcentvfy over all files of a folder: attributes of a patient, study,
/// series or device that are not the same in all objects of it.
std::string entity_errors(const std::filesystem::path& folder);

}  // namespace bucky::test
