// SPDX-License-Identifier: Apache-2.0
#include "storage/holds.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"

namespace bucky::storage {
namespace {

namespace fs = std::filesystem;

/// The folder above: files of root belong to the service, too.
void give_to_owner_of(const fs::path& above, int fd) {
    struct stat owner {};
    if (::geteuid() != 0 || ::stat(above.c_str(), &owner) != 0) return;
    (void)!::fchown(fd, owner.st_uid, owner.st_gid);  // best effort: it may be read anyway
}

void sync(const fs::path& folder) {
    const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)::fsync(fd);
    ::close(fd);
}

}  // namespace

void Holds::hold(const std::string& destination, const Clock& clock) {
    if (is_held(destination)) return;
    std::error_code failed;
    fs::create_directory(folder_, failed);
    const auto folder = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        give_to_owner_of(folder_.parent_path(), folder);
        ::close(folder);
    }
    const auto fresh = folder_ / ('.' + destination);
    const int fd =
        ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    const auto text = std::to_string(clock.now_ms()) + '\n';
    const bool is_written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(fd) == 0;
    const int why = errno;
    if (fd >= 0) {
        give_to_owner_of(folder_.parent_path(), fd);
        ::close(fd);
    }
    if (!is_written || ::rename(fresh.c_str(), (folder_ / destination).c_str()) != 0) {
        throw Error(Fault::unavailable, "{} cannot be written: {}", fresh.string(),
                    std::generic_category().message(is_written ? errno : why));
    }
    sync(folder_);
}

bool Holds::release(const std::string& destination) {
    const auto file = folder_ / destination;
    if (::unlink(file.c_str()) != 0) {
        if (errno == ENOENT) return false;
        throw Error(Fault::unavailable, "{} cannot be removed: {}", file.string(),
                    std::generic_category().message(errno));
    }
    sync(folder_);
    return true;
}

bool Holds::is_held(const std::string& destination) const {
    return ::access((folder_ / destination).c_str(), F_OK) == 0;
}

std::map<std::string, std::int64_t> Holds::all() const {
    std::map<std::string, std::int64_t> held;
    std::error_code none;
    for (const auto& one : fs::directory_iterator{folder_, none}) {
        const auto name = one.path().filename().string();
        if (name.starts_with('.')) continue;
        std::ifstream in{one.path()};
        in >> held[name];
    }
    return held;
}

}  // namespace bucky::storage
