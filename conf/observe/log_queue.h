// SPDX-License-Identifier: Apache-2.0
// LogQueue: lines for a descriptor whose reader may be slow or gone. put() never waits for it: a
// thread writes the lines in order. Above `bytes_max` lines are dropped and counted, and a line in
// their place says how many.
// Any thread may call. A write that never returns outlives the queue, with its thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace bucky::log {

class LogQueue {
public:
    /// The whole line, with its line end, that reports so many dropped lines.
    using Notice = std::function<std::string(std::uint64_t dropped)>;

    LogQueue(int fd, std::size_t bytes_max, Notice notice);
    LogQueue(const LogQueue&) = delete;
    LogQueue& operator=(const LogQueue&) = delete;
    ~LogQueue();  ///< drops what is not written: call flush() before

    /// `line` includes its line end. False: it was dropped.
    bool put(std::string line);

    /// Waits until all lines are written, or `at_most` has passed. Returns whether all are.
    bool flush(std::chrono::milliseconds at_most);

    /// Whether all lines are written. Async-signal-safe.
    bool is_empty() const noexcept;

    struct State {
        std::uint64_t dropped = 0;              ///< since all lines were last written
        std::size_t waiting_bytes = 0;          ///< of lines that are not written
        std::chrono::milliseconds stuck_for{};  ///< duration of the current write
    };
    State state() const;

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;  ///< shared with the thread, which may hang in a write
};

}  // namespace bucky::log
