// SPDX-License-Identifier: Apache-2.0
#include "storage/database_files.h"

#include <cerrno>
#include <utility>

#include <sys/stat.h>

#include "conf/base/error.h"

namespace bucky::storage {
namespace {

constexpr std::string_view kRestart =
    "nothing can be kept in it any more and images are refused. Restart the node: images that were "
    "answered and that the database then lacks are taken in again from the spool";

}  // namespace

std::optional<DatabaseFiles::Identity> DatabaseFiles::identity_of(
    const std::filesystem::path& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return std::nullopt;
    return Identity{found.st_dev, found.st_ino};
}

void DatabaseFiles::pin() {
    const MutexLock lock(mutex_);
    if (pinned_) return;
    std::array<Identity, kSuffixes.size()> all{};
    for (std::size_t at = 0; at < kSuffixes.size(); ++at) {
        const auto found = identity_of(file(kSuffixes[at]));
        if (!found) return;  // no log yet: a later connection has all three
        all[at] = *found;
    }
    pinned_ = all;
}

void DatabaseFiles::look() {
    if (!pinned_ || !lost_.empty()) return;
    for (std::size_t at = 0; at < kSuffixes.size(); ++at) {
        const auto name = file(kSuffixes[at]);
        const auto found = identity_of(name);
        if (found == (*pinned_)[at]) continue;
        const bool is_gone = !found && errno == ENOENT;
        if (!found && !is_gone) continue;  // stat(2) failed: the file may well be there
        lost_ = fmt::format("{} was {} while it was in use: {}", name.string(),
                            is_gone ? "deleted or renamed" : "replaced", kRestart);
        return;
    }
}

void DatabaseFiles::require_names() {
    const MutexLock lock(mutex_);
    look();
    // No path in this message, because an error may become an answer to a caller.
    if (!lost_.empty()) {
        throw Error(Fault::unavailable,
                    "the database was deleted, renamed, replaced or cut short under the node");
    }
}

std::int64_t DatabaseFiles::file_bytes() const {
    struct stat found {};
    return ::stat(database_.c_str(), &found) == 0 ? found.st_size : 0;
}

void DatabaseFiles::note_size(std::int64_t file_bytes, std::int64_t bytes) {
    const MutexLock lock(mutex_);
    const bool is_shorter = file_bytes < last_file_bytes_ && bytes >= last_bytes_;
    if (is_shorter && lost_.empty()) {
        lost_ =
            fmt::format("{} was cut short while it was in use: {}", database_.string(), kRestart);
    }
    last_file_bytes_ = file_bytes;
    last_bytes_ = bytes;
}

void DatabaseFiles::note_damage(const std::string& sqlite_words, int code) {
    const MutexLock lock(mutex_);
    if (!damaged_.empty()) return;
    damaged_ = fmt::format(
        "{} is damaged ({}, SQLite {}): images are refused. Stop the node; move {}, -wal and -shm "
        "away, or put the copy of the last `bucky backup` in their place; start it: images in the "
        "spool that the database lacks are taken in again",
        database_.string(), sqlite_words, code, database_.filename().string());
}

std::vector<std::string> DatabaseFiles::troubles() {
    const MutexLock lock(mutex_);
    look();
    std::vector<std::string> all;
    for (const auto* one : {&lost_, &damaged_}) {
        if (!one->empty()) all.push_back(*one);
    }
    return all;
}

}  // namespace bucky::storage
