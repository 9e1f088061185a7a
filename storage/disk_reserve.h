// SPDX-License-Identifier: Apache-2.0
// DiskReserve: disk space that is released when the disk is full. A database on a full disk accepts
// no commit: no result could be sent, nothing deleted, and a stopped node could not start. So the
// file data_dir/reserve occupies real blocks and is deleted when the disk is almost full. It is
// smaller than the free space below which images are refused, so that no image gets its space. It
// is created again when there is room. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>

namespace bucky::storage {

class DiskReserve {
public:
    /// `min_free_bytes`: below this much free space images are refused. The reserve is half of it,
    /// 32 MB at most; there is none where images are never refused.
    DiskReserve(const std::filesystem::path& data_dir, std::uint64_t min_free_bytes);

    /// Checks the disk; deletes or creates the reserve if needed. True when it was just deleted.
    bool look();

    bool is_held() const;
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    void hold() const;

    const std::filesystem::path file_;
    const std::uint64_t min_free_bytes_, bytes_;
};

}  // namespace bucky::storage
