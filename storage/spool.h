// SPDX-License-Identifier: Apache-2.0
// Spool: files that must survive a power cut. Bytes go to a temporary file as they arrive. The file
// is synced and renamed, and its directory is synced; only then may a row point at it.
//
// Names are random, in one directory per hour (spool/2026112314/3f9c....dcm): no text from a peer
// is ever part of a path, and recovery reads only the hours since the last committed row.
// Directories are 0700, files 0600. Threads: instances share only the directory; use one Spool per
// thread or one for all.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "conf/base/mutex.h"
#include "storage/file_calls.h"
#include "storage/incoming.h"
#include "storage/shared_sync.h"

namespace bucky::storage {

/// The folder below a spool's root for files that are not kept yet. Its files are removed at the
/// start.
inline constexpr std::string_view kIncomingFolder = "incoming";

/// Called by keep() between its steps, so that its caller can put crash points there.
struct KeepSteps {
    void (*after_sync)() = nullptr;
    void (*after_rename)() = nullptr;
};

/// The folder of an hour, by UTC: 2026112314.
std::string hour_folder(std::int64_t at_ms);

class Spool final : public ScratchFiles {
public:
    /// Creates `root` if it does not exist. Throws unavailable when it cannot.
    explicit Spool(std::filesystem::path root, std::uint64_t min_free_bytes = 0,
                   const FileCalls& calls = FileCalls::of_system());

    /// Sets another floor, from the next open() on. Any thread.
    void keep_free(std::uint64_t min_free_bytes) noexcept { min_free_bytes_ = min_free_bytes; }

    /// Creates a temporary file. Throws exhausted below the free-space floor.
    Incoming open();
    std::unique_ptr<ScratchFile> open_scratch() override {
        return std::make_unique<Incoming>(open());
    }

    /// A file of this spool that is to be kept again under a new name. It is not unlinked when that
    /// fails. Throws as fail_file().
    Incoming reopen(const std::filesystem::path& file) const;

    /// fdatasync -> rename -> fsync of the directory. Returns the path relative to the root.
    /// When it throws, nothing is kept.
    std::string keep(Incoming& incoming, std::int64_t now_ms, const KeepSteps& steps = {});

    /// Unlinks a file that was kept; errors are ignored.
    void remove(const std::string& relative) noexcept;

    std::filesystem::path absolute(const std::string& relative) const;
    const std::filesystem::path& root() const noexcept { return root_; }
    std::uint64_t free_bytes() const;

private:
    void make_folders() const;
    void make_directory(const std::filesystem::path& directory) const;
    void sync_directory(const std::filesystem::path& directory) const;

    std::filesystem::path root_;
    std::atomic<std::uint64_t> min_free_bytes_;
    const FileCalls* calls_;
    std::atomic<std::int64_t> durable_hour_{-1};  ///< since 1970; its folder is durable

    /// An hour's folder, and the sync of those that have renamed a file into it.
    struct Folder {
        std::int64_t hour;
        SharedSync names{};
    };
    std::shared_ptr<Folder> folder_of(std::int64_t hour);
    Mutex folder_guard_;
    std::shared_ptr<Folder> folder_ GUARDED_BY(folder_guard_);
};

}  // namespace bucky::storage
