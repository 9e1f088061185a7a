// SPDX-License-Identifier: Apache-2.0
// DataLock: one node a data folder. An advisory lock on data_dir/lock, which the kernel drops when
// the process ends, however it ends; the file names the process for people.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bucky {

class DataLock {
public:
    /// Makes the folder if it is not there. Throws unavailable when another process holds it.
    explicit DataLock(const std::filesystem::path& data_dir);
    DataLock(const DataLock&) = delete;
    DataLock& operator=(const DataLock&) = delete;
    ~DataLock();

    /// The process that holds the lock now; nothing when no node runs on this folder.
    static std::optional<std::string> holder(const std::filesystem::path& data_dir);

private:
    int fd_;
};

}  // namespace bucky
