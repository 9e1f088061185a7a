// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/log_queue.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "conf/base/mutex.h"

namespace bucky::log {
namespace {

using Steady = std::chrono::steady_clock;

/// False if the other end is closed or the disk is full.
bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written > 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (written < 0 && errno == EAGAIN) {  // another process made it so
            pollfd room{fd, POLLOUT, 0};
            (void)::poll(&room, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace

struct LogQueue::Shared {
    Shared(int to, std::size_t most, Notice words)
        : fd(to), bytes_max(most), notice(std::move(words)) {}

    const int fd;
    const std::size_t bytes_max;
    const Notice notice;
    std::atomic<std::uint64_t> put{0}, done{0};  ///< lines

    Mutex mutex;
    Condition came, went;
    std::string text GUARDED_BY(mutex);
    std::uint64_t lines GUARDED_BY(mutex) = 0;    ///< in `text`
    std::uint64_t dropped GUARDED_BY(mutex) = 0;  ///< not yet reported by a line
    std::uint64_t dropped_since_empty GUARDED_BY(mutex) = 0;
    std::size_t at_hand_bytes GUARDED_BY(mutex) = 0;
    std::optional<Steady::time_point> began GUARDED_BY(mutex);  ///< of the current write
    bool closing GUARDED_BY(mutex) = false;

    bool all_written() const REQUIRES(mutex) { return lines == 0 && at_hand_bytes == 0; }
    void write_on();
};

/// Dropped lines came after all queued ones, so their notice is written after these.
void LogQueue::Shared::write_on() {
    MutexLock lock(mutex);
    while (true) {
        came.wait(lock, [&]() REQUIRES(mutex) { return closing || lines > 0 || dropped > 0; });
        if (closing) return;
        auto at_hand = std::exchange(text, {});
        const auto taken = std::exchange(lines, 0);
        const auto missing = std::exchange(dropped, 0);
        at_hand_bytes = std::max<std::size_t>(at_hand.size(), 1);
        began = Steady::now();
        lock.unlock();
        if (missing > 0) at_hand += notice(missing);
        const bool is_written = write_all(fd, at_hand);
        lock.lock();
        done += taken;
        at_hand_bytes = 0;
        began.reset();
        if (!is_written) {
            dropped += missing + taken;
            dropped_since_empty += taken;
            went.notify_all();
            came.wait_for(lock, std::chrono::seconds{1}, [&]() REQUIRES(mutex) { return closing; });
        } else if (lines == 0 && dropped == 0) {
            dropped_since_empty = 0;
        }
        went.notify_all();
    }
}

LogQueue::LogQueue(int fd, std::size_t bytes_max, Notice notice)
    : shared_(std::make_shared<Shared>(fd, bytes_max, std::move(notice))) {
    std::thread{[shared = shared_] {
        ::pthread_setname_np(::pthread_self(), "log");
        sigset_t all{};
        (void)::sigfillset(&all);  // other threads take signals; SIGPIPE is an error of write()
        (void)::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        shared->write_on();
    }}.detach();
}

LogQueue::~LogQueue() {
    const MutexLock lock(shared_->mutex);
    shared_->closing = true;
    shared_->came.notify_all();
}

bool LogQueue::put(std::string line) {
    auto& queue = *shared_;
    {
        const MutexLock lock(queue.mutex);
        if (queue.text.size() + line.size() > queue.bytes_max || queue.dropped > 0) {
            ++queue.dropped;
            ++queue.dropped_since_empty;
            return false;
        }
        queue.text += line;
        ++queue.lines;
        ++queue.put;
    }
    queue.came.notify_one();
    return true;
}

bool LogQueue::flush(std::chrono::milliseconds at_most) {
    auto& queue = *shared_;
    MutexLock lock(queue.mutex);
    return queue.went.wait_for(lock, at_most,
                               [&]() REQUIRES(queue.mutex) { return queue.all_written(); });
}

bool LogQueue::is_empty() const noexcept {
    return shared_->done == shared_->put;
}

LogQueue::State LogQueue::state() const {
    const MutexLock lock(shared_->mutex);
    State state;
    state.dropped = shared_->dropped_since_empty;
    state.waiting_bytes = shared_->text.size() + shared_->at_hand_bytes;
    if (shared_->began) {
        state.stuck_for =
            std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - *shared_->began);
    }
    return state;
}

}  // namespace bucky::log
