// SPDX-License-Identifier: Apache-2.0
// What documents name is there, and lists that stand twice agree.
#include <filesystem>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/observe/event_modules.h"
#include "conf/run/crash_point.h"
#include "tests/house/tree.h"

using namespace bucky::house;
namespace fs = std::filesystem;

namespace {

/// A file or folder, or the beginning of a name: docs/decisions/0501.
bool is_there(const fs::path& named) {
    if (fs::exists(named)) return true;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator{named.parent_path(), none}) {
        if (entry.path().filename().string().starts_with(named.filename().string())) return true;
    }
    return false;
}

bool is_document(const std::string& path) {
    if (path.starts_with("docs/log/")) return false;  // tells of the tree as it was
    return path.ends_with(".md") && (path.find('/') == std::string::npos ||
                                     path.starts_with("docs/") || path.starts_with("models/"));
}

}  // namespace

TEST_CASE("what README and docs name or link to is there", "[house]") {
    static const std::regex kPath{
        R"re((?:^|[^\w./-])((?:\.ci|conf|dicom_sr|docs|inference|models|packaging|scp|storage|)re"
        R"re(tests|tools)/[\w./-]*\w))re"};
    static const std::regex kLink{R"re(\]\(([^)#:]+)(?:#[^)]*)?\))re"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_document(file.path)) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            const auto look = [&](const std::regex& named, const fs::path& below) {
                const auto& line = file.lines[at];
                for (std::sregex_iterator one{line.begin(), line.end(), named}, end; one != end;
                     ++one) {
                    const auto path = (*one)[1].str();
                    // a recipe's placeholder
                    if (path.find("NAME") != std::string::npos ||
                        path.find("SECTION") != std::string::npos || is_there(below / path)) {
                        continue;
                    }
                    complaints.push_back(place(file, at) + ": " + path);
                }
            };
            look(kPath, root());
            look(kLink, (root() / file.path).parent_path());
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

TEST_CASE("each event of the code is of a module that log.modules takes, and no module has none",
          "[house]") {
    static const std::regex kEvent{R"re(event\([^";]*"([a-z_]+)\.[a-z_.]+")re"};
    std::set<std::string> used;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        std::string whole;
        for (const auto& line : file.lines) whole += line + ' ';
        for (auto at = std::sregex_iterator(whole.begin(), whole.end(), kEvent);
             at != std::sregex_iterator(); ++at) {
            used.insert((*at)[1]);
        }
    }
    const std::set<std::string> listed(std::begin(bucky::log::kEventModules),
                                       std::end(bucky::log::kEventModules));
    CHECK(used == listed);
}

TEST_CASE("every decision has a number of its own, says its status and stands in the index",
          "[house]") {
    static const std::regex kStatus{R"re(^\*\*Status\.\*\* (accepted|superseded by \d{4})\b)re"};
    std::set<std::string> indexed;
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (file.path != "docs/decisions/README.md") continue;
        static const std::regex kEntry{R"re(\]\((\d{4}-[\w-]+\.md)\))re"};
        for (const auto& line : file.lines) {
            std::smatch match;
            if (std::regex_search(line, match, kEntry)) indexed.insert(match[1]);
        }
    }
    std::map<std::string, std::string> numbered;
    for (const auto& file : tree()) {
        static const std::string kFolder{"docs/decisions/"};
        if (!file.path.starts_with(kFolder) || file.path == kFolder + "README.md") continue;
        const auto name = file.path.substr(kFolder.size());
        const auto number = name.substr(0, 4);
        const auto [first, is_new] = numbered.emplace(number, name);
        if (!is_new) complaints.push_back(file.path + ": has the number of " + first->second);
        if (file.lines.empty() || !file.lines[0].starts_with("# " + number + ". ")) {
            complaints.push_back(file.path + ": its title does not begin with " + number);
        }
        if (!indexed.contains(name)) complaints.push_back(file.path + ": not in README.md there");
        bool says = false;
        for (const auto& line : file.lines) says = says || std::regex_search(line, kStatus);
        if (!says) complaints.push_back(file.path + ": no line \"**Status.** accepted\"");
    }
    check_none(complaints);
}
