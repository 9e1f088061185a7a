// SPDX-License-Identifier: Apache-2.0
// The text that a part of the program writes to standard output, where the log goes.
#pragma once

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace bucky::test {

/// The output of all threads while `doing` runs. Only one thread may call this at a time.
template <typename Doing>
std::string written_by(Doing doing) {
    const TempDir dir;
    const auto file = dir / "stdout";
    std::fflush(stdout);
    const int before = ::dup(STDOUT_FILENO);
    FILE* const capture = std::fopen(file.c_str(), "w");
    if (capture == nullptr) return "standard output cannot be captured";
    ::dup2(::fileno(capture), STDOUT_FILENO);
    doing();
    std::fflush(stdout);
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    std::fclose(capture);
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace bucky::test
