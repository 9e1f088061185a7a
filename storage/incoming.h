// SPDX-License-Identifier: Apache-2.0
// Incoming: a file that is being received. Created by Spool::open(), made durable by Spool::keep().
//
// Bytes are collected in blocks and written with O_DIRECT (open(2)). The file is synced at once, so
// the page cache would only add a copy and a search for free pages; for a 10 MB image that costs
// several times the CPU time of the disk's own work. If the file system refuses O_DIRECT, at open
// or later, the same bytes go through the cache.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "conf/base/scratch_file.h"
#include "storage/file_calls.h"

namespace bucky::storage {

/// Converts a system error: exhausted (ENOSPC, EDQUOT, no descriptor, no memory) or unavailable
/// (EIO and the rest). Names the file; reads errno.
[[noreturn]] void fail_file(std::string_view doing, const std::filesystem::path& path);

/// Unlinked when it leaves its scope, unless it was kept.
class Incoming final : public ScratchFile {
public:
    Incoming(Incoming&& other) noexcept;
    Incoming& operator=(Incoming&&) = delete;
    ~Incoming() override;

    /// Appends all bytes, or throws as fail_file(). An incomplete block stays in memory.
    void write(std::span<const std::uint8_t> bytes) override;
    /// Writes the incomplete block. Call it before anything reads the file by its path. Throws as
    /// write().
    void flush() override;

    /// Once kept: the final path.
    const std::filesystem::path& path() const noexcept override { return path_; }
    std::uint64_t bytes() const noexcept { return bytes_; }  ///< passed to write()

private:
    friend class Spool;
    Incoming(const FileCalls& calls, int fd, std::filesystem::path path)
        : calls_(&calls), fd_(fd), path_(std::move(path)) {}

    void put(std::span<const std::uint8_t> bytes);
    void go_past_cache(bool past) noexcept;

    struct Free {
        void operator()(std::uint8_t* memory) const noexcept { std::free(memory); }
    };
    const FileCalls* calls_;
    int fd_;
    std::filesystem::path path_;
    std::uint64_t bytes_ = 0;
    std::unique_ptr<std::uint8_t[], Free> block_;  ///< allocated by the first write()
    std::size_t held_ = 0;                         ///< bytes in block_
    bool past_cache_ = false, may_go_past_ = true;
    bool kept_ = false;
};

}  // namespace bucky::storage
