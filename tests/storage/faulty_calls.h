// SPDX-License-Identifier: Apache-2.0
// FaultyCalls: the system's file calls, one of which fails when a test asks for it. Its state is in
// thread-local variables, because FileCalls is a table of plain functions.
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>

#include <sys/stat.h>
#include <unistd.h>

#include "storage/file_calls.h"

namespace bucky::storage::test {

class FaultyCalls {
public:
    FaultyCalls() { forget(); }
    FaultyCalls(const FaultyCalls&) = delete;
    FaultyCalls& operator=(const FaultyCalls&) = delete;
    ~FaultyCalls() { forget(); }

    /// From now on, the `at`-th call (from 1) fails once with `error`.
    static void fail(int at, int error) {
        calls_left = at;
        error_then = error;
    }

    inline static thread_local std::size_t write_at_most = SIZE_MAX;
    inline static thread_local bool interrupt_every_other_write = false;
    inline static thread_local std::optional<std::uint64_t> free_bytes;

    static const FileCalls& table() {
        static const FileCalls calls{
            .open = [](const char* path, int flags,
                       mode_t mode) { return fails() ? -1 : real().open(path, flags, mode); },
            .write = write,
            .fdatasync = [](int fd) { return fails() ? -1 : real().fdatasync(fd); },
            .fsync = [](int fd) { return fails() ? -1 : real().fsync(fd); },
            .mkdir = [](const char* path,
                        mode_t mode) { return fails() ? -1 : real().mkdir(path, mode); },
            .rename = [](const char* from,
                         const char* to) { return fails() ? -1 : real().rename(from, to); },
            .statvfs =
                [](const char* path, struct statvfs* space) {
                    if (fails() || real().statvfs(path, space) != 0) return -1;
                    if (free_bytes) space->f_bavail = *free_bytes / space->f_frsize;
                    return 0;
                },
        };
        return calls;
    }

private:
    static const FileCalls& real() { return FileCalls::of_system(); }

    static bool fails() {
        if (calls_left <= 0 || --calls_left > 0) return false;
        errno = error_then;
        return true;
    }

    static ssize_t write(int fd, const void* bytes, std::size_t count) {
        if (fails()) return -1;
        if (interrupt_every_other_write) {
            interrupted = !interrupted;
            if (interrupted) {
                errno = EINTR;
                return -1;
            }
        }
        return real().write(fd, bytes, count < write_at_most ? count : write_at_most);
    }

    static void forget() {
        calls_left = 0;
        write_at_most = SIZE_MAX;
        interrupt_every_other_write = interrupted = false;
        free_bytes.reset();
    }

    inline static thread_local int calls_left = 0;
    inline static thread_local int error_then = 0;
    inline static thread_local bool interrupted = false;
};

}  // namespace bucky::storage::test
