// SPDX-License-Identifier: Apache-2.0
// Which words stand in no file: of the machine it was written on, of promises, and of the
// vocabulary that was left behind (docs/glossary.md has the one that counts).
#include <cctype>
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/house/tree.h"

using namespace bucky::house;

namespace {

bool is_prose_or_code(const std::string& path) {
    return is_cpp(path) || path.ends_with(".md") || path.ends_with(".toml") ||
           path.ends_with(".py") || path.ends_with(".html") || path.ends_with(".js");
}

/// Files whose subject is the words themselves, and what was written before they changed.
bool may_name_old_words(const std::string& path) {
    return path == "tests/house/words_test.cpp" || path.starts_with("docs/log/") ||
           path.starts_with("tests/fuzz/corpus/") || path.starts_with("storage/schema") ||
           path.find("owed_commitments") != std::string::npos ||  // the table is called pledge
           path == "CHANGELOG.md";
}

}  // namespace

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
                    complaints.push_back(place(file, at) + ": " + word);
                }
            }
        }
    }
    check_none(complaints);
}

TEST_CASE("words that were replaced do not come back", "[house]") {
    // One a line: as an identifier or a word of its own, in either case of its first letter.
    static const std::regex kOld{
        R"re(\b([Pp]ledg(e|er|es|ers|ed)|[Cc]ommitters?|[Ss]tand[Ii]ns?|stand_ins?|)re"
        R"re([Vv]isitors?|[Dd]oorstep|[Ee]ntrances?|[Gg]reetings?|ShelfStand|shelf_stand|)re"
        R"re([Dd]esks?|[Cc]rews?|stand_back|Patience|Rounds|Surgery|shut_in|fence_in|)re"
        R"re(DecodeWorkers?|ReportRoom)\b)re"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_prose_or_code(file.path) || may_name_old_words(file.path)) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            std::smatch found;
            if (!std::regex_search(file.lines[at], found, kOld)) continue;
            complaints.push_back(place(file, at) + ": " + found[1].str());
        }
    }
    check_none(complaints);
}

TEST_CASE("nobody is he: a caller, a peer, a destination is it", "[house]") {
    static const std::regex kPerson{R"re(\b([Hh]e|[Hh]is|[Hh]im)\b)re"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        const bool is_read = is_cpp(file.path) || file.path.ends_with(".md");
        if (!is_read || may_name_old_words(file.path)) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            std::smatch found;
            if (file.lines[at].find("GET /he") != std::string::npos) continue;  // half a request
            if (!std::regex_search(file.lines[at], found, kPerson)) continue;
            complaints.push_back(place(file, at) + ": " + found[1].str());
        }
    }
    check_none(complaints);
}

TEST_CASE("a catch says in a word why it stands there", "[house]") {
    // The edges translate (docs/decisions/0002): a session, a job runner, main, a command.
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_product(file.path)) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            if (file.lines[at].find("catch (") == std::string::npos) continue;
            const bool here = file.lines[at].find("//") != std::string::npos;
            const bool below =
                at + 1 < file.lines.size() && file.lines[at + 1].find("//") != std::string::npos;
            if (!here && !below) complaints.push_back(place(file, at));
        }
    }
    check_none(complaints);
}

TEST_CASE("a test's name is one entry of a CMake list", "[house]") {
    static const std::regex kName{R"re(TEST_CASE\("([^"]*)")re"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!file.path.ends_with("_test.cpp")) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            std::smatch found;
            if (!std::regex_search(file.lines[at], found, kName)) continue;
            const auto name = found[1].str();  // ; parts a list, a space at an end is lost
            if (name.find(';') != std::string::npos || name.ends_with(' ')) {
                complaints.push_back(place(file, at) + ": " + name);
            }
        }
    }
    check_none(complaints);
}
