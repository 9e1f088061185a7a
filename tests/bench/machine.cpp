// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/machine.h"

#include <ctime>
#include <fstream>
#include <thread>

#include "tests/support/process.h"

namespace bucky::bench {
namespace {

/// The value of the first line "key   : value" of a file of /proc.
std::string value_in(const char* file, const std::string& key) {
    std::ifstream stream{file};
    for (std::string line; std::getline(stream, line);) {
        if (!line.starts_with(key)) continue;
        const auto value = line.find_first_not_of(" \t", line.find(':') + 1);
        return value == std::string::npos ? "" : line.substr(value);
    }
    return "";
}

std::string git(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-C", BUCKY_SOURCE_DIR});
    const auto said = test::run(arguments);
    return said.status == 0 ? said.output.substr(0, said.output.find('\n')) : "unknown";
}

}  // namespace

std::string machine_line() {
    const auto memory_kb = std::stoll("0" + value_in("/proc/meminfo", "MemTotal"));
    const bool changed = !git({"status", "--porcelain", "--untracked-files=no"}).empty();
    const std::time_t now = std::time(nullptr);
    char day[11] = {};
    (void)std::strftime(day, sizeof day, "%Y-%m-%d", std::gmtime(&now));
    return std::to_string(std::thread::hardware_concurrency()) + " x " +
           value_in("/proc/cpuinfo", "model name") + ", " +
           std::to_string(memory_kb / 1000 / 1000) + " GB, commit " +
           git({"rev-parse", "--short", "HEAD"}) + (changed ? " (changed)" : "") + ", " + day;
}

}  // namespace bucky::bench
