// SPDX-License-Identifier: Apache-2.0
// Process: a program that a test starts, reads from and ends. It is killed when its Process object
// is destroyed, and when the test program dies.
//
// stdout and stderr are read as one sequence of lines by a thread of this class. A caller that
// waits for a line is woken when it arrives. Any thread may call.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::test {

using Environment = std::map<std::string, std::string>;  ///< in addition to the test's own

class Process {
public:
    Process(const std::vector<std::string>& command, const Environment& environment = {});
    Process(Process&&) noexcept;
    Process& operator=(Process&&) noexcept;
    ~Process();  ///< SIGKILL, if it still runs

    /// The first line from number `from` on that `wanted` accepts, if it comes within `at_most`.
    /// nullopt when the program ended or the time passed without it.
    std::optional<std::string> wait_for_line(const std::function<bool(std::string_view)>& wanted,
                                             std::chrono::milliseconds at_most,
                                             std::size_t from = 0);
    std::optional<std::string> wait_for_line(std::string_view part,
                                             std::chrono::milliseconds at_most,
                                             std::size_t from = 0);
    std::vector<std::string> lines() const;
    std::string output() const;  ///< all lines

    /// Replaces its standard output by a small pipe that is not read until let_output_flow().
    void hold_output();
    void let_output_flow();

    void signal(int number);

    /// The exit status, or minus the signal that killed it. nullopt if it still runs after
    /// `at_most`.
    std::optional<int> wait(std::chrono::milliseconds at_most);

    int pid() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

inline constexpr int kStopped = -1000;  ///< it did not end in time

struct Finished {
    int status = 0;  ///< exit status, minus the signal that killed it, or kStopped
    std::string output;
};

/// Runs a program to its end.
Finished run(const std::vector<std::string>& command, const Environment& environment = {},
             std::chrono::milliseconds at_most = std::chrono::minutes(2));

/// Runs one statement with SQLite's shell in Python: the rows as Python prints them.
Finished sqlite(const std::filesystem::path& database, const std::string& sql);

/// The output of a shell command, stdout and stderr together.
std::string output_of(const std::string& command);

/// The value of key=value in a log line of the node, without its quotes.
std::string field(std::string_view line, std::string_view key);

}  // namespace bucky::test
