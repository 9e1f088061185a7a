// SPDX-License-Identifier: Apache-2.0
#include "storage/disk_reserve.h"

#include <algorithm>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace bucky::storage {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr std::uint64_t kBytesMax = 32 * kMegabyte;
constexpr std::uint64_t kAllButFull = 4 * kMegabyte;  // the database still accepts some commits

}  // namespace

DiskReserve::DiskReserve(const std::filesystem::path& data_dir, std::uint64_t min_free_bytes)
    : file_(data_dir / "reserve"),
      min_free_bytes_(min_free_bytes),
      bytes_(std::min(kBytesMax, min_free_bytes / 2)) {}

bool DiskReserve::is_held() const {
    std::error_code missing;
    return std::filesystem::file_size(file_, missing) == bytes_ && !missing;
}

/// A partial file is never taken for the whole, because its size shows it.
void DiskReserve::hold() const {
    const int fd = ::open(file_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return;
    const bool is_whole = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes_)) == 0;
    ::close(fd);
    if (!is_whole) ::unlink(file_.c_str());
}

bool DiskReserve::look() {
    std::error_code failed;
    const auto free = std::filesystem::space(file_.parent_path(), failed).available;
    if (failed) return false;
    if (free < kAllButFull) return ::unlink(file_.c_str()) == 0;
    const bool has_room = free > min_free_bytes_ + 2 * bytes_;
    if (bytes_ > 0 && has_room && !is_held()) hold();
    return false;
}

}  // namespace bucky::storage
