// SPDX-License-Identifier: Apache-2.0
// The source tree as the house rules read it: every text file that is ours, line by line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::house {

struct SourceFile {
    std::string path;  ///< relative to the root, with '/'
    std::vector<std::string> lines;
};

const std::filesystem::path& root();
const std::vector<SourceFile>& tree();

bool is_cpp(std::string_view path);
bool is_product(std::string_view path);  ///< C++ outside tests/

/// Every #include of a file: the name, and its line for a complaint.
struct Include {
    std::string name;
    std::string where;
};
std::vector<Include> includes_of(const SourceFile& file);

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& beginnings);

/// "path:12", as editors open it.
std::string place(const SourceFile& file, std::size_t at);

/// All complaints in one message: a person mends them in one go.
void check_none(const std::vector<std::string>& complaints);

}  // namespace bucky::house
