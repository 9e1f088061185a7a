// SPDX-License-Identifier: Apache-2.0
#include "storage/log_watch.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bucky::storage {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadsForLong = 60s;  // none of our commands, nor a backup, reads for this long
constexpr std::uint64_t kLargeLog = 256'000'000;  // four times what database.cpp keeps of it

/// The locks of SQLite's readers in the index of the log (WAL_READ_LOCK in its wal.c and
/// os_unix.c).
constexpr long kFirstReadLock = 123;
constexpr long kLastReadLock = 127;

std::string name_of_process(int process) {
    std::ifstream comm{"/proc/" + std::to_string(process) + "/comm"};
    std::string name;
    std::getline(comm, name);
    return name.empty() ? "?" : name;
}

}  // namespace

LogWatch::LogWatch(const Site& site)
    : log_(site.database_file().string() + "-wal"),
      index_(site.database_file().string() + "-shm") {}

std::uint64_t LogWatch::log_bytes() const {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(log_, missing);
    return missing ? 0 : bytes;
}

std::vector<int> LogWatch::other_readers() const {
    struct stat index {};
    if (::stat(index_.c_str(), &index) != 0) return {};
    const auto inode = ":" + std::to_string(index.st_ino);
    std::vector<int> readers;
    std::ifstream locks{"/proc/locks"};
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words{line};
        std::string number, kind, mode, access, file;
        int process = 0;
        long first = -1, last = -1;
        words >> number >> kind >> mode >> access >> process >> file >> first >> last;
        const bool is_reader = access == "READ" && file.ends_with(inode) && last <= kLastReadLock &&
                               first >= kFirstReadLock;
        if (is_reader && process != ::getpid()) readers.push_back(process);
    }
    return readers;
}

std::vector<std::string> LogWatch::look(Time now) {
    const auto readers = other_readers();
    std::erase_if(since_, [&](const auto& one) {
        return std::find(readers.begin(), readers.end(), one.first) == readers.end();
    });
    std::vector<std::string> troubles;  // the words must not change while the trouble lasts
    for (const auto process : readers) {
        const auto since = since_.try_emplace(process, now).first->second;
        if (now - since < kReadsForLong) continue;
        troubles.push_back(fmt::format(
            "process {} ({}) has kept a read transaction open in the database for more than a "
            "minute: {} grows until that process ends or closes it",
            process, name_of_process(process), log_.string()));
    }
    if (troubles.empty() && log_bytes() > kLargeLog) {
        troubles.push_back(
            fmt::format("{} has more than {} MB: something keeps it from being "
                        "emptied",
                        log_.string(), kLargeLog / 1'000'000));
    }
    return troubles;
}

}  // namespace bucky::storage
