// SPDX-License-Identifier: Apache-2.0
// bucky_command() gives a command the words that a person would, and captures what it prints.
// Visited is a node's data folder for such commands to work on.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/tools/node_harness.h"

namespace bucky::test {

struct Said {
    int status = 0;
    std::string text;

    std::size_t widest() const;  ///< line, in bytes
};

/// Runs the command as main() does and captures its output.
Said bucky_command(std::vector<std::string> words);

/// A data folder with a study whose results wait for a PACS, and the config that names it.
class Visited : public NodeHarness {
public:
    Visited();
    std::string config() const { return (dir / "bucky.toml").string(); }
    Said ask(std::vector<std::string> words) const;
    void park_one(const std::string& words);
};

}  // namespace bucky::test
