// SPDX-License-Identifier: Apache-2.0
// Every lock of the product is one that clang checks (tests/house/thread_safety_test.py), and every
// mutex says what it guards.
#include <algorithm>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/house/tree.h"

using namespace bucky::house;

namespace {

constexpr std::string_view kMutexHeader = "conf/base/mutex.h";

bool names_guarded(const SourceFile& file, const std::string& mutex) {
    const auto words = "GUARDED_BY(" + mutex + ")";
    return std::any_of(file.lines.begin(), file.lines.end(), [&](const std::string& line) {
        return line.find(words) != std::string::npos;
    });
}

}  // namespace

TEST_CASE("a lock is one of conf/base/mutex.h, so that clang checks what it guards", "[house]") {
    static const std::regex kOther{
        R"(std::(recursive_|timed_|shared_)*(mutex|lock_guard|scoped_lock|shared_lock)\b)"
        R"(|std::condition_variable)"};
    std::vector<std::string> complaints;
    for (const auto& file : tree()) {
        if (!is_product(file.path) || file.path == kMutexHeader) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            if (std::regex_search(file.lines[at], kOther)) complaints.push_back(place(file, at));
        }
    }
    check_none(complaints);
}

TEST_CASE("a mutex is named by what it guards, or says in a comment what it orders", "[house]") {
    static const std::regex kMutex{R"(^ +(static |mutable )*(Shared)?Mutex (\w+);(.*)$)"};
    std::vector<std::string> complaints;
    std::size_t seen = 0;
    for (const auto& file : tree()) {
        if (!is_product(file.path) || file.path == kMutexHeader) continue;
        for (std::size_t at = 0; at < file.lines.size(); ++at) {
            std::smatch found;
            if (!std::regex_match(file.lines[at], found, kMutex)) continue;
            ++seen;
            const bool has_comment = found.str(4).find("//") != std::string::npos;
            if (!has_comment && !names_guarded(file, found.str(3))) {
                complaints.push_back(place(file, at) + ": " + found.str(3) + " guards nothing");
            }
        }
    }
    check_none(complaints);
    CHECK(seen > 20);  // that it finds them at all
}
