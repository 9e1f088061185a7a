// SPDX-License-Identifier: Apache-2.0
// A folder for a config file, the smallest config that works, and the problems of a config.
#pragma once

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/file/read.h"

namespace bucky::test {

namespace fs = std::filesystem;

/// A folder with one model package; it is removed at the end of the test.
class Folder {
public:
    Folder()
        : path_(fs::temp_directory_path() /
                ("bucky-conf-" + std::to_string(std::random_device{}()))) {
        fs::create_directories(path_ / "model");
        std::ofstream(path_ / "model" / "model.toml") << "name = \"m\"\n";
    }
    ~Folder() { fs::remove_all(path_); }
    fs::path file() const { return path_ / "bucky.toml"; }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

inline constexpr std::string_view kSmallest = R"(
[inference]
models = ["model"]
[[destination]]
name = "pacs"
ae_title = "ORTHANC"
host = "127.0.0.1"
)";

/// The problems of a config, in the order of the file.
inline std::vector<conf::Problem> problems_of(const Folder& folder, const std::string& text) {
    try {
        conf::read_settings_text(text, folder.file());
    } catch (const conf::ConfigError& error) {  // the result of this function
        return error.problems();
    }
    return {};
}

/// The only problem after `line` is appended to the smallest config, as its line 8.
inline std::string problem_of(const Folder& folder, const std::string& line) {
    const auto problems = problems_of(folder, std::string{kSmallest} + line + "\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].line >= 1);
    return problems[0].key + ": " + problems[0].words;
}

}  // namespace bucky::test
