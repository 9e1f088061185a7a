// SPDX-License-Identifier: Apache-2.0
// Incoming: a file being received. Made by Spool::open(), made durable by Spool::keep().
//
// Bytes are gathered into blocks and written past the page cache (open(2), O_DIRECT): of a file
// that is synced at once the cache only costs a copy and the search for free pages, which for a 10
// MB image is several times what the disk's own work costs the processor. Where a file system does
// not take that, or takes no more of it, the same bytes go through the cache.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "storage/file_calls.h"

namespace bucky::storage {

/// An error of the system as ours: exhausted (ENOSPC, EDQUOT, no descriptor, no memory) or
/// unavailable (EIO and the rest). Names the file; reads errno.
[[noreturn]] void fail_file(std::string_view doing, const std::filesystem::path& path);

/// Unlinked when it leaves its scope unless it was kept.
class Incoming {
public:
    Incoming(Incoming&& other) noexcept;
    Incoming& operator=(Incoming&&) = delete;
    ~Incoming();

    /// Appends all of it, or throws as fail_file(). What is not a whole block yet is only held.
    void write(std::span<const std::uint8_t> bytes);
    /// Puts down what is held: before anybody reads the file by its path. Throws as write().
    void flush();

    const std::filesystem::path& path() const noexcept { return path_; }  ///< once kept: its place
    std::uint64_t bytes() const noexcept { return bytes_; }               ///< of write()

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
    std::unique_ptr<std::uint8_t[], Free> block_;  ///< made by the first write()
    std::size_t held_ = 0;                         ///< bytes of it
    bool past_cache_ = false, may_go_past_ = true;
    bool kept_ = false;
};

}  // namespace bucky::storage
