// SPDX-License-Identifier: Apache-2.0
// LogQueue: lines on their way to a descriptor that may not take them. put() never waits for it:
// a thread writes, in order. Beyond `bytes_max` lines are dropped and counted, and the next line
// that is written where they are missing says how many.
// Any thread may call. A write that never ends outlives the queue, with its thread.
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
    /// The whole line, its line end included, that tells of so many dropped ones.
    using Notice = std::function<std::string(std::uint64_t dropped)>;

    LogQueue(int fd, std::size_t bytes_max, Notice notice);
    LogQueue(const LogQueue&) = delete;
    LogQueue& operator=(const LogQueue&) = delete;
    ~LogQueue();  ///< drops what is not written; flush() comes first

    /// With its line end. False: it was dropped.
    bool put(std::string line);

    /// Until all that was put is written, or `at_most` has passed. Returns whether it is.
    bool flush(std::chrono::milliseconds at_most);

    /// Whether all is written. Async-signal-safe.
    bool is_empty() const noexcept;

    struct State {
        std::uint64_t dropped = 0;              ///< since the log was last written to its end
        std::size_t waiting_bytes = 0;          ///< put and not written
        std::chrono::milliseconds stuck_for{};  ///< since when the write at hand takes
    };
    State state() const;

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;  ///< with the thread, which may hang in a write
};

}  // namespace bucky::log
