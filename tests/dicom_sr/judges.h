// SPDX-License-Identifier: Apache-2.0
// Programs by others that judge what we write, and a folder of a test's own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bucky::dicom_sr::test {

class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::filesystem::path keep(const std::string& name, const std::vector<std::uint8_t>& bytes);
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// What a shell command says, stdout and stderr together.
std::string output_of(const std::string& command);

/// Lines of dciodvfy (dicom3tools) that say Error; a line of its own if it did not look.
std::string dciodvfy_errors(const std::filesystem::path& file);

}  // namespace bucky::dicom_sr::test
