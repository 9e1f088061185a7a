// SPDX-License-Identifier: Apache-2.0
// The house rules as tests (after TigerBeetle's tidy): what a reviewer would otherwise have to say
// again and again. Each failure names the file, the line and the rule.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/crash_point.h"

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLinesMax = 600;
constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kFunctionLinesMax = 70;

struct SourceFile {
    std::string path;  // relative to the root, with '/'
    std::vector<std::string> lines;
};

bool is_cpp(std::string_view path) {
    return path.ends_with(".h") || path.ends_with(".cpp");
}
bool is_product(std::string_view path) {
    return is_cpp(path) && !path.starts_with("tests/");
}

bool is_text(const fs::path& file) {
    static const std::set<std::string> kBinary{".ts",  ".pt",  ".png", ".dcm",
                                               ".jpg", ".pyc", ".f32"};
    return !kBinary.contains(file.extension().string());
}

std::vector<SourceFile> read_tree() {
    const fs::path root = BUCKY_SOURCE_DIR;
    std::vector<SourceFile> files;
    const auto take = [&](const fs::path& path) {
        if (!fs::is_regular_file(path) || !is_text(path)) return;
        SourceFile file{fs::relative(path, root).generic_string(), {}};
        std::ifstream stream{path};
        for (std::string line; std::getline(stream, line);) file.lines.push_back(line);
        files.push_back(std::move(file));
    };
    for (const auto& entry : fs::directory_iterator{root}) {
        if (entry.path().filename() != ".git") take(entry.path());  // a worktree's is a file
    }
    for (const auto* folder : {".ci", "conf", "dicom_sr", "docs", "inference", "models",
                               "packaging", "scp", "storage", "tests", "tools"}) {
        for (const auto& entry : fs::recursive_directory_iterator{root / folder}) {
            take(entry.path());
        }
    }
    return files;
}

const std::vector<SourceFile>& tree() {
    static const auto files = read_tree();
    return files;
}

/// Every #include of a file: the name, and its line for a complaint.
struct Include {
    std::string name;
    std::string where;
};

std::vector<Include> includes_of(const SourceFile& file) {
    static const std::regex kInclude{R"re(^\s*#include\s+[<"]([^>"]+)[>"])re"};
    std::vector<Include> found;
    for (std::size_t at = 0; at < file.lines.size(); ++at) {
        std::smatch match;
        if (!std::regex_search(file.lines[at], match, kInclude)) continue;
        found.push_back({match[1], file.path + ':' + std::to_string(at + 1)});
    }
    return found;
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view one) { return text.starts_with(one); });
}

/// All complaints in one message: a person mends them in one go.
void check_none(const std::vector<std::string>& complaints) {
    std::string all;
    for (const auto& one : complaints) all += "\n  " + one;
    INFO("complaints:" << all);
    CHECK(complaints.empty());
}

std::size_t columns(std::string_view line) {  // code points of UTF-8
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

}  // namespace

TEST_CASE("a room includes only the rooms that the house lets it see", "[house]") {
    // conf/base <- conf <- storage <- scp <---------\.
    //         ^------- inference <- dicom_sr <------- tools <- tests
    static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> kRooms{
        {"conf/base/", {"conf/base/"}},
        {"conf/", {"conf/"}},
        {"storage/", {"conf/", "storage/"}},
        {"scp/", {"conf/", "storage/", "scp/"}},
        {"inference/", {"conf/base/", "inference/"}},
        {"dicom_sr/", {"conf/base/", "dicom_sr/", "inference/findings.h"}},
        {"tools/phantom/", {"conf/base/", "tools/phantom/"}},
        {"tools/fake_pacs/", {"conf/base/", "tools/fake_pacs/"}},
        {"tools/", {"conf/", "storage/", "scp/", "inference/", "dicom_sr/", "tools/"}},
    };
    static const std::vector<std::string_view> kOurs{"conf/",     "storage/", "scp/",  "inference/",
                                                     "dicom_sr/", "tools/",   "tests/"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        const auto room = std::find_if(kRooms.begin(), kRooms.end(), [&](const auto& one) {
            return file.path.starts_with(one.first);
        });
        if (room == kRooms.end()) continue;
        for (const auto& include : includes_of(file)) {
            if (starts_with_any(include.name, kOurs) &&
                !starts_with_any(include.name, room->second)) {
                complaints.push_back(include.where + ": " + include.name);
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("a third-party header is included only where its library lives", "[house]") {
    struct Rule {
        std::string_view header;
        std::vector<std::string_view> allowed;
    };
    static const std::vector<Rule> kRules{
        {"sqlite3.h", {"storage/"}},
        {"dcmtk/dcmnet/", {"scp/", "tools/fake_pacs/"}},
        {"dcmtk/dcmtls/", {"scp/", "tools/fake_pacs/"}},
        {"dcmtk/dcmsr/", {"dicom_sr/"}},
        {"torch/", {"inference/torch_model.cpp"}},
        {"ATen/", {"inference/torch_model.cpp"}},
        {"c10/", {"inference/torch_model.cpp"}},
        {"boost/asio/ip/",
         {"scp/peers", "scp/front_door", "scp/door", "tools/bucky/admin",
          "tools/bucky/syslog"}},  // values
        {"boost/asio.hpp", {"scp/front_door", "tools/bucky/admin", "tools/bucky/node"}},
        {"boost/beast", {"tools/bucky/admin"}},
        {"cairo", {"dicom_sr/"}},
        {"pango", {"dicom_sr/"}},
        {"spdlog/", {"conf/base/log.cpp"}},
        {"prometheus/", {"conf/base/metrics.cpp"}},
        {"openjpeg.h", {"inference/jpeg2000.cpp", "tools/phantom/jpeg2000.cpp"}},
        {"openssl/", {"conf/base/digest.cpp", "scp/wire/tls_"}},
        {"crypt.h", {"scp/users.cpp"}},
    };
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        for (const auto& include : includes_of(file)) {
            for (const auto& rule : kRules) {
                if (include.name.starts_with(rule.header) &&
                    !starts_with_any(file.path, rule.allowed)) {
                    complaints.push_back(include.where + ": " + include.name);
                }
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("one test file at most pays for LibTorch's headers", "[house]") {
    std::set<std::string> paying;
    for (const auto& file : tree()) {
        if (!is_cpp(file.path) || !file.path.starts_with("tests/")) continue;
        for (const auto& include : includes_of(file)) {
            if (starts_with_any(include.name, {"torch/", "ATen/", "c10/"}))
                paying.insert(file.path);
        }
    }
    CHECK(paying.size() <= 1);
}

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

TEST_CASE("a file has one noun, a function fits a screen, a line fits the window", "[house]") {
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_cpp(file.path) && !file.path.ends_with(".py")) continue;
        if (file.lines.size() > kLinesMax) complaints.push_back(file.path + ": too many lines");
        std::size_t function_from = 0;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const auto& line = file.lines[at];
            const auto where = file.path + ':' + std::to_string(at + 1);
            if (columns(line) > kColumnsMax) complaints.push_back(where + ": line too long");
            // clang-format puts the ends of a function of a namespace at the left edge
            // a test case may be a table of sections
            const bool opens = line.ends_with('{') && line.find('(') != std::string::npos &&
                               !line.starts_with(' ') && !line.starts_with("TEST_CASE");
            if (opens) function_from = at;
            if (line == "}" && is_cpp(file.path) && function_from != 0) {
                if (at - function_from + 1 > kFunctionLinesMax) {
                    complaints.push_back(where + ": function too long");
                }
                function_from = 0;
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("no file knows the machine it was written on, or promises to be finished later",
          "[house]") {
    // written in two parts, so that this file keeps the rule too
    static const std::vector<std::string> kMachine{
        std::string{"/wo"} + "rk/", std::string{"/ro"} + "ot/", std::string{"/ho"} + "me/"};
    static const std::vector<std::string> kLater{std::string{"TO"} + "DO",
                                                 std::string{"FIX"} + "ME"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            for (const auto& words : {kMachine, kLater}) {
                for (const auto& word : words) {
                    if (file.lines[at].find(word) == std::string::npos) continue;
                    complaints.push_back(file.path + ':' + std::to_string(at + 1) + ": " + word);
                }
            }
        }
    }
    check_none(complaints);
}

/// A file or folder, or the beginning of a name: docs/decisions/0501.
bool is_there(const fs::path& named) {
    if (fs::exists(named)) return true;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator{named.parent_path(), none}) {
        if (entry.path().filename().string().starts_with(named.filename().string())) return true;
    }
    return false;
}

TEST_CASE("what README and docs name or link to is there", "[house]") {
    static const std::regex kPath{
        R"re((?:^|[^\w./-])((?:\.ci|conf|dicom_sr|docs|inference|models|packaging|scp|storage|)re"
        R"re(tests|tools)/[\w./-]*\w))re"};
    static const std::regex kLink{R"re(\]\(([^)#:]+)(?:#[^)]*)?\))re"};
    const fs::path root = BUCKY_SOURCE_DIR;
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (file.path != "README.md" && !file.path.starts_with("docs/")) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const auto look = [&](const std::regex& named, const fs::path& below) {
                const auto& line = file.lines[at];
                for (std::sregex_iterator one{line.begin(), line.end(), named}, end; one != end;
                     ++one) {
                    if (is_there(below / (*one)[1].str())) continue;
                    complaints.push_back(file.path + ':' + std::to_string(at + 1) + ": " +
                                         (*one)[1].str());
                }
            };
            look(kPath, root);
            look(kLink, (root / file.path).parent_path());
        }
    }
    check_none(complaints);
}

TEST_CASE("each crash point of the list is passed by the code, and no other", "[house][crash]") {
    static const std::regex kPassed{R"re(crash_point\("([a-z_.]+)"\))re"};
    std::set<std::string> passed;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        for (const auto& line : file.lines) {
            std::smatch match;
            if (std::regex_search(line, match, kPassed)) passed.insert(match[1]);
        }
    }
    const std::set<std::string> listed(std::begin(bucky::kCrashPoints),
                                       std::end(bucky::kCrashPoints));
    CHECK(passed == listed);
}

TEST_CASE("every C++ file is formatted by clang-format 14", "[house]") {
    const fs::path root = BUCKY_SOURCE_DIR;
    std::string command = "cd '" + root.string() + "' && clang-format-14 --dry-run";
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
