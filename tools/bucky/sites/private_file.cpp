// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/private_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "scp/wire/unique_fd.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void give_up(const fs::path& file, int why) {
    throw Error(Fault::unavailable, "{} cannot be written: {}", file.string(),
                std::generic_category().message(why));
}

void give_to_owner_of(const fs::path& folder, const fs::path& file) {
    struct stat owner {};
    if (::geteuid() != 0 || ::stat(folder.c_str(), &owner) != 0) return;
    if (::chown(file.c_str(), owner.st_uid, owner.st_gid) != 0) give_up(file, errno);
}

}  // namespace

void write_private_file(const fs::path& file, const std::string& text) {
    const fs::path fresh = file.string() + ".new";
    ::unlink(fresh.c_str());  // of a process that died
    {
        const scp::UniqueFd fd{
            ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
        if (fd.get() < 0) give_up(fresh, errno);
        if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fsync(fd.get()) != 0) {
            give_up(fresh, errno);
        }
    }
    give_to_owner_of(file.parent_path(), fresh);
    if (::rename(fresh.c_str(), file.c_str()) != 0) give_up(file, errno);
}

void make_data_folder(const fs::path& folder, const char* user) {
    std::error_code failed;
    if (fs::is_directory(folder, failed)) return;
    fs::create_directories(folder.parent_path(), failed);
    if (!failed && ::mkdir(folder.c_str(), S_IRWXU) != 0) {
        failed = {errno, std::generic_category()};
    }
    if (failed) {
        throw Error(Fault::bad_input,
                    "node.data_dir {} is not there and cannot be made: {}. Make it, then try "
                    "again:\n  sudo install -d -m 750 -o {} -g {} {}",
                    folder.string(), failed.message(), user, user, folder.string());
    }
    const auto* service = ::geteuid() == 0 ? ::getpwnam(user) : nullptr;  // one thread
    if (service == nullptr) return;
    if (::chown(folder.c_str(), service->pw_uid, service->pw_gid) != 0) give_up(folder, errno);
}

void make_private_folder(const fs::path& folder) {
    std::error_code unseen;
    if (fs::is_directory(folder, unseen)) return;
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) give_up(folder, errno);
    give_to_owner_of(folder.parent_path(), folder);
}

}  // namespace bucky
