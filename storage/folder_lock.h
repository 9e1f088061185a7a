// SPDX-License-Identifier: Apache-2.0
// FolderLock: one node works in a data folder. A second one would take the first one's running jobs
// for a crash's, and unlink the files it is receiving. Held until it leaves its scope, or its
// process ends in whatever way. `bucky status` and `bucky queue` do not need it.
#pragma once

#include <filesystem>

namespace bucky::storage {

class FolderLock {
public:
    /// Makes the folder if it is not there. Throws unavailable when another process holds it; take
    /// it before recover().
    explicit FolderLock(const std::filesystem::path& data_dir);
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    ~FolderLock();

private:
    int fd_;
};

}  // namespace bucky::storage
