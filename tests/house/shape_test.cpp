// SPDX-License-Identifier: Apache-2.0
// How long files, functions and lines may be, how they begin, and how they are formatted.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/house/tree.h"

using namespace bucky::house;

namespace {

constexpr std::size_t kLinesMax = 400;
constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kFunctionLinesMax = 70;

std::size_t columns(std::string_view line) {  // code points of UTF-8
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

bool has_word(std::string_view text, std::string_view word) {
    const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        const bool begins = at == 0 || !is_letter(text[at - 1]);
        const auto end = at + word.size();
        if (begins && (end == text.size() || !is_letter(text[end]))) return true;
    }
    return false;
}

/// Walks the braces of one file and measures every function, those inside classes, too.
class Functions {
public:
    struct Found {
        std::size_t from, lines;
        bool is_test;
    };

    explicit Functions(const SourceFile& file) {
        for (std::size_t at = 0; at < file.lines.size(); ++at) read(file.lines[at], at);
    }
    const std::vector<Found>& found() const { return found_; }

private:
    enum class Block { scope, function, other };
    struct Open {
        Block block;
        std::size_t from;
        bool is_test;
    };

    void read(const std::string& line, std::size_t at) {
        if (in_raw_) {
            in_raw_ = line.find(raw_end_) == std::string::npos;
            return;
        }
        if (line.starts_with('#')) return;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (line.compare(i, 2, "//") == 0) return;
            if (line[i] == '"' && i > 0 && line[i - 1] == 'R') {
                raw_end_ = ')' + line.substr(i + 1, line.find('(', i) - i - 1) + '"';
                const auto end = line.find(raw_end_, i);
                if (end == std::string::npos) {
                    in_raw_ = true;
                    return;
                }
                i = end + raw_end_.size() - 1;
            } else if (line[i] == '"' || is_character(line, i)) {
                i = end_of_literal(line, i);
            } else {
                step(line[i], at);
            }
        }
        said_ += ' ';
    }

    static bool is_character(const std::string& line, std::size_t at) {  // not 1'000
        if (line[at] != '\'') return false;
        return at == 0 || std::isalnum(static_cast<unsigned char>(line[at - 1])) == 0;
    }

    static std::size_t end_of_literal(const std::string& line, std::size_t at) {
        for (std::size_t i = at + 1; i < line.size(); ++i) {
            if (line[i] == '\\') {
                ++i;
            } else if (line[i] == line[at]) {
                return i;
            }
        }
        return line.size();
    }

    void step(char c, std::size_t at) {
        if (c == '{') {
            open_.push_back({kind(), at, has_word(said_, "TEST_CASE")});
            said_.clear();
        } else if (c == '}') {
            if (!open_.empty()) {
                const auto& ended = open_.back();
                if (ended.block == Block::function) {
                    found_.push_back({ended.from, at - ended.from + 1, ended.is_test});
                }
                open_.pop_back();
            }
            said_.clear();
        } else if (c == ';') {
            said_.clear();
        } else {
            said_ += c;
        }
    }

    /// What the brace opens that comes behind the words since the last ; { or }.
    Block kind() const {
        const bool outside = open_.empty() || open_.back().block == Block::scope;
        if (!outside) return Block::other;
        if (said_.find('(') != std::string::npos) return Block::function;
        for (const auto* word : {"namespace", "class", "struct", "union", "extern"}) {
            if (has_word(said_, word)) return Block::scope;
        }
        return Block::other;
    }

    std::vector<Open> open_;
    std::vector<Found> found_;
    std::string said_, raw_end_;
    bool in_raw_ = false;
};

}  // namespace

TEST_CASE("every source file says its licence on its first line", "[house]") {
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        const bool script = !file.lines.empty() && file.lines[0].starts_with("#!");
        if (!is_cpp(file.path) && !script && !file.path.ends_with(".py")) continue;
        const std::string_view mark = is_cpp(file.path) ? "// " : "# ";
        const std::size_t at = script ? 1 : 0;
        const auto wanted = std::string{mark} + "SPDX-License-Identifier: Apache-2.0";
        if (file.lines.size() <= at || file.lines[at] != wanted) complaints.push_back(file.path);
    }
    check_none(complaints);
}

TEST_CASE("a file has one noun, and a line fits the window", "[house]") {
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_cpp(file.path) && !file.path.ends_with(".py")) continue;
        if (file.lines.size() > kLinesMax) {
            complaints.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines");
        }
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            if (columns(file.lines[at]) > kColumnsMax) {
                complaints.push_back(place(file, at) + ": line too long");
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("a function fits a screen, in a class, too", "[house]") {
    std::vector<std::string> complaints;
    std::size_t seen = 0;
    for (const auto& file : tree()) {
        if (!is_cpp(file.path)) continue;
        const Functions functions{file};
        for (const auto& [from, lines, is_test] : functions.found()) {
            ++seen;
            // a test case may be a table of sections
            if (lines <= kFunctionLinesMax || is_test) continue;
            complaints.push_back(place(file, from) + ": " + std::to_string(lines) + " lines");
        }
    }
    check_none(complaints);
    CHECK(seen > 2000);  // that it finds them at all
}

TEST_CASE("every C++ file is formatted by clang-format 14", "[house]") {
    std::string command = "cd '" + root().string() + "' && clang-format-14 --dry-run";
    for (const auto& file : tree()) {
        if (is_cpp(file.path)) command += " '" + file.path + "'";
    }
    command += " 2>&1 | grep -o '^[^: ]*:' | sort -u";
    std::vector<std::string> unformatted;
    FILE* said = ::popen(command.c_str(), "r");
    REQUIRE(said != nullptr);
    for (std::array<char, 512> line{}; std::fgets(line.data(), line.size(), said) != nullptr;) {
        unformatted.emplace_back(line.data());
    }
    CHECK(::pclose(said) == 0);
    check_none(unformatted);
}
