// SPDX-License-Identifier: Apache-2.0
#include "tests/house/tree.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include <catch2/catch.hpp>

namespace bucky::house {
namespace {

namespace fs = std::filesystem;

bool is_text(const fs::path& file) {
    static const std::set<std::string> kBinary{".ts",  ".pt",  ".png", ".dcm",
                                               ".jpg", ".pyc", ".f32"};
    return !kBinary.contains(file.extension().string());
}

std::vector<SourceFile> read_tree() {
    std::vector<SourceFile> files;
    const auto take = [&](const fs::path& path) {
        if (!fs::is_regular_file(path) || !is_text(path)) return;
        SourceFile file{fs::relative(path, root()).generic_string(), {}};
        std::ifstream stream{path};
        for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
        files.push_back(std::move(file));
    };
    for (const auto& entry : fs::directory_iterator{root()}) {
        if (entry.path().filename() != ".git") take(entry.path());  // a worktree's is a file
    }
    for (const auto* folder : {".ci", "conf", "dicom_sr", "docs", "inference", "models",
                               "packaging", "scp", "storage", "tests", "tools"}) {
        for (const auto& entry : fs::recursive_directory_iterator{root() / folder}) {
            take(entry.path());
        }
    }
    return files;
}

}  // namespace

const fs::path& root() {
    static const fs::path path = BUCKY_SOURCE_DIR;
    return path;
}

const std::vector<SourceFile>& tree() {
    static const auto files = read_tree();
    return files;
}

bool is_cpp(std::string_view path) {
    return path.ends_with(".h") || path.ends_with(".cpp");
}

bool is_product(std::string_view path) {
    return is_cpp(path) && !path.starts_with("tests/");
}

std::vector<Include> includes_of(const SourceFile& file) {
    static const std::regex kInclude{R"re(^\s*#include\s+[<"]([^>"]+)[>"])re"};
    std::vector<Include> found;
    for (std::size_t at = 0; at < file.lines.size(); ++at) {
        std::smatch match;
        if (!std::regex_search(file.lines[at], match, kInclude)) continue;
        found.push_back({match[1], place(file, at)});
    }
    return found;
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view one) { return text.starts_with(one); });
}

std::string place(const SourceFile& file, std::size_t at) {
    return file.path + ':' + std::to_string(at + 1);
}

void check_none(const std::vector<std::string>& complaints) {
    std::string all;
    for (const auto& one : complaints) all += "\n  " + one;
    INFO("complaints:" << all);
    CHECK(complaints.empty());
}

}  // namespace bucky::house
