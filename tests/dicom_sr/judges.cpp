// SPDX-License-Identifier: Apache-2.0
#include "tests/dicom_sr/judges.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace bucky::dicom_sr::test {
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

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "bucky-sr-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Folder::keep(const std::string& name,
                                   const std::vector<std::uint8_t>& bytes) {
    const auto file = path_ / name;
    std::ofstream out(file, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
    return file;
}

std::string output_of(const std::string& command) {
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
    std::string output;
    char buffer[4096];
    for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        output.append(buffer, n);
    }
    pclose(pipe);
    return output;
}

std::string dciodvfy_errors(const std::filesystem::path& file) {
    const std::string said = output_of("dciodvfy -new " + file.string());
    const std::string_view kIods[] = {
        "Comprehensive3DSR", "ComprehensiveSR", "EnhancedSR",
        "BasicTextSR",       "ChestCADSR",      "SCImage",
        "CRImage",           "Segmentation",    "GrayscaleSoftcopyPresentationState"};
    const bool looked = std::any_of(std::begin(kIods), std::end(kIods),
                                    [&](auto iod) { return said.find(iod) != std::string::npos; });
    return lines_with(said, "Error") + (looked ? "" : "dciodvfy knew no IOD: " + said);
}

}  // namespace bucky::dicom_sr::test
