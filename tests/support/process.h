// SPDX-License-Identifier: Apache-2.0
// Process: a program that a test starts, listens to, and ends. It dies with its Process object, and
// with the test program should that be killed.
//
// stdout and stderr arrive as one stream of lines, kept by a thread of ours; who waits for a line
// is woken when it comes. Any thread may call.
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

using Environment = std::map<std::string, std::string>;  ///< on top of ours

class Process {
public:
    Process(const std::vector<std::string>& command, const Environment& environment = {});
    Process(Process&&) noexcept;
    Process& operator=(Process&&) noexcept;
    ~Process();  ///< SIGKILL, if it still runs

    /// The first line at or after number `from` that `wanted` accepts, seen now or within
    /// `at_most`. Nothing when the program ended or the time passed without it.
    std::optional<std::string> wait_for_line(const std::function<bool(std::string_view)>& wanted,
                                             std::chrono::milliseconds at_most,
                                             std::size_t from = 0);
    std::optional<std::string> wait_for_line(std::string_view part,
                                             std::chrono::milliseconds at_most,
                                             std::size_t from = 0);
    std::vector<std::string> lines() const;
    std::string output() const;  ///< all lines

    /// Its standard output becomes a small pipe that nobody reads, until it may flow again.
    void hold_output();
    void let_output_flow();

    void signal(int number);

    /// How it ended: its exit status, or minus the signal that killed it. Nothing after `at_most`.
    std::optional<int> wait(std::chrono::milliseconds at_most);

    int pid() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

inline constexpr int kStopped = -1000;  ///< it did not end by itself in time

struct Finished {
    int status = 0;  ///< exit status, minus the signal that killed it, or kStopped
    std::string output;
};

/// Runs a program to its end.
Finished run(const std::vector<std::string>& command, const Environment& environment = {},
             std::chrono::milliseconds at_most = std::chrono::minutes(2));

/// SQLite's shell, as Python has it: the rows of one statement, as Python prints them.
Finished sqlite(const std::filesystem::path& database, const std::string& sql);

/// What a shell command says, stdout and stderr together.
std::string output_of(const std::string& command);

/// The value of key=value in a log line of the node, without its quotes.
std::string field(std::string_view line, std::string_view key);

}  // namespace bucky::test
