// SPDX-License-Identifier: Apache-2.0
#include "storage/folder_lock.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"

namespace bucky::storage {

FolderLock::FolderLock(const std::filesystem::path& data_dir) {
    std::error_code ignored;  // what could not be made shows when it is opened
    std::filesystem::create_directories(std::filesystem::absolute(data_dir).parent_path(), ignored);
    ::mkdir(data_dir.c_str(), 0700);
    fd_ = ::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd_ < 0) {
        throw Error(Fault::unavailable, "cannot work in {}: {}", data_dir.string(),
                    std::generic_category().message(errno));
    }
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        ::close(fd_);
        throw Error(Fault::unavailable,
                    "another bucky works in {}: stop it first, or give this one a data_dir of its "
                    "own",
                    data_dir.string());
    }
}

FolderLock::~FolderLock() {
    ::close(fd_);
}

}  // namespace bucky::storage
