// SPDX-License-Identifier: Apache-2.0
// Spool: files that must survive a power cut. Bytes go to a temporary file as they come, are synced,
// renamed, and the directory is synced; only then may a row point at them.
//
// Names are random, in a directory an hour (spool/2026112314/3f9c....dcm): nothing a stranger sent
// is ever part of a path, and recovery looks only at the hours since the last committed row.
// Directories are 0700, files 0600. Threads: share nothing but the directory; one Spool a thread or
// one for all, as you like (its functions keep no state).
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace bucky::storage {

/// A file being received. Unlinked when it leaves its scope unless it was kept.
class Incoming {
public:
    Incoming(Incoming&& other) noexcept;
    Incoming& operator=(Incoming&&) = delete;
    ~Incoming();

    /// Appends all of it, or throws exhausted (ENOSPC, EDQUOT) or unavailable (EIO and the rest).
    void write(std::span<const std::uint8_t> bytes);
    int fd() const noexcept { return fd_; }
    const std::filesystem::path& path() const noexcept { return path_; }
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    friend class Spool;
    Incoming(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
    int fd_;
    std::filesystem::path path_;
    std::uint64_t bytes_ = 0;
};

class Spool {
public:
    /// `root` is made if it is not there. Throws unavailable when it cannot be.
    explicit Spool(std::filesystem::path root, std::uint64_t min_free_bytes = 0);

    /// A new temporary file. Throws exhausted below the free-space floor.
    Incoming open();

    /// fdatasync -> rename -> fsync of the directory. Returns the path relative to the root.
    /// Crash points: intake.after_sync, intake.after_rename.
    std::string keep(Incoming& incoming, std::int64_t now_ms);

    std::filesystem::path absolute(const std::string& relative) const;
    std::uint64_t free_bytes() const;

private:
    std::filesystem::path root_;
    std::uint64_t min_free_bytes_;
};

}  // namespace bucky::storage
