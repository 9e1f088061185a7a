// SPDX-License-Identifier: Apache-2.0
#include "storage/spool.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"

namespace bucky::storage {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

/// 128 random bits: no peer's text in a path, and no two files with the same name.
std::string random_name() {
    std::array<std::uint8_t, 16> bits{};
    // getrandom(2): up to 256 bytes are returned in full, and it never fails once the kernel's pool
    // is seeded.
    if (::getrandom(bits.data(), bits.size(), 0) != static_cast<ssize_t>(bits.size())) {
        throw Error(Fault::unavailable, "the kernel gives no random bytes");
    }
    return fmt::format("{:02x}", fmt::join(bits, ""));
}

}  // namespace

std::string hour_folder(std::int64_t at_ms) {
    return fmt::format("{:%Y%m%d%H}", fmt::gmtime(static_cast<std::time_t>(at_ms / 1000)));
}

const FileCalls& FileCalls::of_system() {
    static constexpr FileCalls calls{
        .open = [](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); },
        .write = ::write,
        .fdatasync = ::fdatasync,
        .fsync = ::fsync,
        .mkdir = ::mkdir,
        .rename = ::rename,
        .statvfs = ::statvfs,
    };
    return calls;
}

Spool::Spool(std::filesystem::path root, std::uint64_t min_free_bytes, const FileCalls& calls)
    : root_(std::filesystem::absolute(root)), min_free_bytes_(min_free_bytes), calls_(&calls) {
    std::error_code ignored;  // the parents are the admin's; a failure shows below
    std::filesystem::create_directories(root_.parent_path(), ignored);
    make_folders();
    sync_directory(root_.parent_path());
}

/// At the start, and when somebody took them away.
void Spool::make_folders() const {
    make_directory(root_);
    make_directory(root_ / kIncomingFolder);
}

Incoming Spool::open() {
    const auto free = free_bytes();
    const std::uint64_t least = min_free_bytes_;
    if (free < least) {
        metrics::count("bucky_limit_reached_total", {{"limit", "disk"}});
        throw Error(Fault::exhausted, "{} has {} MB free, less than storage.min_free_mb = {}",
                    root_.string(), free >> 20U, least >> 20U);
    }
    auto path = root_ / kIncomingFolder / (random_name() + ".part");
    const auto create = [&] {
        return calls_->open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    };
    int fd = create();
    if (fd < 0 && errno == ENOENT) {
        make_folders();
        fd = create();
    }
    if (fd < 0) fail_file("create", path);
    return Incoming{*calls_, fd, std::move(path)};
}

Incoming Spool::reopen(const std::filesystem::path& file) const {
    const int fd = calls_->open(file.c_str(), O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) fail_file("open", file);
    Incoming incoming{*calls_, fd, file};
    incoming.kept_ = true;
    struct stat found {};
    if (::fstat(fd, &found) != 0) fail_file("look at", file);
    incoming.bytes_ = static_cast<std::uint64_t>(found.st_size);
    return incoming;
}

std::string Spool::keep(Incoming& incoming, std::int64_t now_ms, const KeepSteps& steps) {
    incoming.flush();
    if (calls_->fdatasync(incoming.fd_) != 0) fail_file("sync", incoming.path_);
    if (steps.after_sync) steps.after_sync();

    const auto hour = hour_folder(now_ms);
    bool hour_is_durable = durable_hour_ == now_ms / kHourMs;
    auto relative = hour + '/' + random_name() + ".dcm";
    const auto target = root_ / relative;
    if (!hour_is_durable) make_directory(root_ / hour);
    int renamed = calls_->rename(incoming.path_.c_str(), target.c_str());
    if (renamed != 0 && errno == ENOENT && hour_is_durable) {  // as above
        hour_is_durable = false;
        make_directory(root_ / hour);
        renamed = calls_->rename(incoming.path_.c_str(), target.c_str());
    }
    if (renamed != 0) {
        const int error = errno;
        durable_hour_ = -1;  // the folder may have been removed
        errno = error;
        fail_file("rename", incoming.path_);
    }
    incoming.path_ = target;  // until kept, its scope unlinks it under the new name
    if (steps.after_rename) steps.after_rename();

    const auto folder = folder_of(now_ms / kHourMs);
    folder->names.until_durable(folder->names.written(),
                                [&](bool) { sync_directory(root_ / hour); });
    // Another thread may have created this hour's directory and not synced it yet. Once it is known
    // to be durable, the sync is omitted: it would write nothing and still flush the disk's cache.
    if (!hour_is_durable) {
        sync_directory(root_);
        durable_hour_ = now_ms / kHourMs;
    }
    incoming.kept_ = true;
    ::close(std::exchange(incoming.fd_, -1));
    return relative;
}

/// When the hour changes, two folders are in use for a moment, which costs one more sync.
std::shared_ptr<Spool::Folder> Spool::folder_of(std::int64_t hour) {
    const MutexLock lock(folder_guard_);
    if (!folder_ || folder_->hour != hour) folder_.reset(new Folder{hour});
    return folder_;
}

void Spool::remove(const std::string& relative) noexcept {
    ::unlink(absolute(relative).c_str());
}

std::filesystem::path Spool::absolute(const std::string& relative) const {
    return root_ / relative;
}

std::uint64_t Spool::free_bytes() const {
    struct statvfs space {};
    int asked = calls_->statvfs(root_.c_str(), &space);
    if (asked != 0 && errno == ENOENT) {
        make_folders();
        asked = calls_->statvfs(root_.c_str(), &space);
    }
    if (asked != 0) fail_file("ask for the free space of", root_);
    return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
}

void Spool::make_directory(const std::filesystem::path& directory) const {
    if (calls_->mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        fail_file("make", directory);
}

void Spool::sync_directory(const std::filesystem::path& directory) const {
    const int fd = calls_->open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) fail_file("open", directory);
    const int synced = calls_->fsync(fd);
    const int error = errno;
    ::close(fd);
    errno = error;
    if (synced != 0) fail_file("sync", directory);
}

}  // namespace bucky::storage
