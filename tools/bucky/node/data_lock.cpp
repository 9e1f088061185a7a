// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/data_lock.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/base/why_unwritten.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

std::string words_in(int fd) {
    std::array<char, 32> text{};
    const auto read = ::pread(fd, text.data(), text.size(), 0);
    std::string words{text.data(), static_cast<std::size_t>(read > 0 ? read : 0)};
    while (!words.empty() && words.back() == '\n') words.pop_back();
    return words.empty() ? "unknown" : words;
}

}  // namespace

DataLock::DataLock(const fs::path& data_dir) {
    std::error_code unmade, ignored;
    if (fs::create_directories(data_dir, unmade)) {
        fs::permissions(data_dir, fs::perms::owner_all,
                        ignored);  // mode 0700: it will hold images of patients
    }
    const auto file = data_dir / "lock";
    fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) {
        throw Error(Fault::unavailable, "cannot write node.data_dir {}: {}", data_dir.string(),
                    why_unwritten(unmade ? unmade.value() : errno));
    }
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        const auto holder = words_in(fd_);
        ::close(fd_);
        throw Error(Fault::unavailable, "node.data_dir {} is in use by another bucky, process {}",
                    data_dir.string(), holder);
    }
    const auto pid = std::to_string(::getpid()) + '\n';
    const bool told = ::ftruncate(fd_, 0) == 0 && ::write(fd_, pid.data(), pid.size()) > 0;
    // On a full disk the lock works without the number.
    if (!told) std::ignore = ::ftruncate(fd_, 0);
}

DataLock::~DataLock() {
    ::close(fd_);
}

std::optional<std::string> DataLock::holder(const fs::path& data_dir) {
    const int fd = ::open((data_dir / "lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::optional<std::string> holder;
    if (::flock(fd, LOCK_SH | LOCK_NB) != 0) holder = words_in(fd);
    ::close(fd);
    return holder;
}

std::optional<std::string> DataLock::obstacle(const fs::path& data_dir) {
    std::error_code ignored;
    fs::path there = fs::absolute(data_dir, ignored);
    while (!fs::exists(there, ignored) && there.has_relative_path()) there = there.parent_path();
    const bool is_folder = fs::is_directory(there, ignored);
    errno = ENOTDIR;
    if (is_folder && ::access(there.c_str(), W_OK | X_OK) == 0) return std::nullopt;
    return fmt::format("{} cannot be written: {}: {}", data_dir.string(), there.string(),
                       std::strerror(errno));
}

}  // namespace bucky
