// SPDX-License-Identifier: Apache-2.0
// DataLock: ensures one node per data folder. It is an advisory lock on data_dir/lock, which the
// kernel releases when the process ends, however it ends. The file names the process for the admin.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bucky {

class DataLock {
public:
    /// Makes the folder if it does not exist. Throws unavailable when another process holds the
    /// lock.
    explicit DataLock(const std::filesystem::path& data_dir);
    DataLock(const DataLock&) = delete;
    DataLock& operator=(const DataLock&) = delete;
    ~DataLock();

    /// The process that holds the lock now; nothing when no node runs on this folder.
    static std::optional<std::string> holder(const std::filesystem::path& data_dir);

    /// Why this user cannot make or write the folder; nothing when it seems to go. Changes nothing.
    static std::optional<std::string> obstacle(const std::filesystem::path& data_dir);

private:
    int fd_;
};

}  // namespace bucky
