// SPDX-License-Identifier: Apache-2.0
// FileCalls: the system calls by which Spool makes bytes durable. Tests replace them to simulate a
// full disk, a broken disk or a short write. Reading, closing and unlinking are not here, because
// no promise depends on them.
#pragma once

#include <cstddef>

#include <sys/statvfs.h>
#include <sys/types.h>

namespace bucky::storage {

struct FileCalls {
    int (*open)(const char* path, int flags, mode_t mode);
    ssize_t (*write)(int fd, const void* bytes, std::size_t count);
    int (*fdatasync)(int fd);
    int (*fsync)(int fd);
    int (*mkdir)(const char* path, mode_t mode);
    int (*rename)(const char* from, const char* to);
    int (*statvfs)(const char* path, struct statvfs* space);

    static const FileCalls& of_system();
};

}  // namespace bucky::storage
