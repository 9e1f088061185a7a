// SPDX-License-Identifier: Apache-2.0
// Which words stand in no file: of the machine it was written on, and of promises.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/house/tree.h"

using namespace bucky::house;

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
