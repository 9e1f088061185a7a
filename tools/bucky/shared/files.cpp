// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/files.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "conf/base/error.h"

namespace bucky {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    for (const auto& path : paths) {
        if (!fs::exists(path)) throw Error(Fault::bad_input, "{} is not there", path.string());
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        std::vector<fs::path> below;
        for (const auto& entry : fs::recursive_directory_iterator{path}) {
            if (entry.is_regular_file()) below.push_back(entry.path());
        }
        std::sort(below.begin(), below.end());
        files.insert(files.end(), below.begin(), below.end());
    }
    return files;
}

void write_file(const fs::path& file, std::string_view text) {
    std::ofstream out{file, std::ios::binary};
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) throw Error(Fault::unavailable, "cannot write {}", file.string());
}

void write_file(const fs::path& file, std::span<const std::uint8_t> bytes) {
    write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string read_text(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (!in) throw Error(Fault::unavailable, "cannot read {}", file.string());
    return text;
}

}  // namespace bucky
