// SPDX-License-Identifier: Apache-2.0
#include "tests/dicom_sr/judges.h"

#include <fstream>
#include <sstream>

namespace bucky::test {
namespace {

std::string lines_with(const std::string& output, const std::string& word) {
    std::string found;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (line.find(word) != std::string::npos) found += line + '\n';
    }
    return found;
}

}  // namespace

std::filesystem::path Folder::keep(const std::string& name,
                                   const std::vector<std::uint8_t>& bytes) {
    const auto file = *this / name;
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    return file;
}

std::string iod_errors(const std::filesystem::path& file) {
    const std::string said = output_of("dciodvfy -new " + file.string());
    const bool looked = !said.empty() && said.find("not recognized") == std::string::npos;
    return lines_with(said, "Error") + (looked ? "" : "dciodvfy knew no IOD: " + said);
}

std::string entity_errors(const std::filesystem::path& folder) {
    return lines_with(output_of("dcentvfy " + folder.string() + "/*.dcm 2>&1"), "Error");
}

}  // namespace bucky::test
