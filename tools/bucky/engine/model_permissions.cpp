// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/model_permissions.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "conf/base/error.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

/// On a file system that is read-only here, as ProtectSystem=strict of systemd makes it, ownership
/// gives no write access.
bool is_on_read_only(const fs::path& path) {
    struct statvfs disk {};
    return ::statvfs(path.c_str(), &disk) == 0 && (disk.f_flag & ST_RDONLY) != 0;
}

struct Look {
    bool on_the_way = false;  ///< a folder above the package: renaming in it counts
    uid_t service = 0;
};

std::optional<std::string> look_at(const fs::path& path, const Look& look) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        return fmt::format("{} cannot be looked at: {}", path.string(), std::strerror(errno));
    }
    const bool is_its_own = look.service != 0 && found.st_uid == look.service;
    if (is_its_own && !is_on_read_only(path)) {
        return fmt::format("{0} belongs to the user that runs Bucky: chown root {0}",
                           path.string());
    }
    // In a sticky folder such as /tmp, a user can rename only its own files (unlink(2)).
    if (look.on_the_way && (found.st_mode & S_ISVTX) != 0) return std::nullopt;
    if ((found.st_mode & S_IWOTH) != 0) {
        return fmt::format("{0} may be written by everyone: chmod o-w {0}", path.string());
    }
    if ((found.st_mode & S_IWGRP) != 0 && found.st_gid != 0) {
        return fmt::format("{0} may be written by its group: chmod g-w {0}", path.string());
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> who_may_write(const fs::path& package, uid_t service) {
    std::error_code failed;
    const auto folder = fs::canonical(package, failed);
    if (failed) return fmt::format("{}: {}", package.string(), failed.message());
    if (auto wrong = look_at(folder, {false, service})) return wrong;
    for (const auto& entry : fs::directory_iterator{folder, failed}) {
        if (auto wrong = look_at(fs::weakly_canonical(entry.path()), {false, service})) {
            return wrong;
        }
    }
    if (failed) return fmt::format("{}: {}", folder.string(), failed.message());
    for (auto above = folder; above != above.root_path();) {
        above = above.parent_path();
        if (auto wrong = look_at(above, {true, service})) return wrong;
    }
    return std::nullopt;
}

void check_model_permissions(const fs::path& package) {
    const auto wrong = who_may_write(package, ::geteuid());
    if (!wrong) return;
    throw Error(Fault::bad_input,
                "{}: a model is a program, and others than root could change it: {} (for "
                "development, inference.models_writable_ok = true lets it pass)",
                package.string(), *wrong);
}

}  // namespace bucky
