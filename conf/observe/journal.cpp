// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/journal.h"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/stat.h>

namespace bucky::log {

bool is_journal(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat here {};
    if (stream == nullptr || ::fstat(fd, &here) != 0) return false;
    return fmt::format("{}:{}", here.st_dev, here.st_ino) == stream;
}

std::string_view priority_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "<7>";
        case LogLevel::info: return "<6>";
        case LogLevel::warning: return "<4>";
        case LogLevel::error: return "<3>";
    }
    __builtin_unreachable();
}

}  // namespace bucky::log
