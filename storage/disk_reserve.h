// SPDX-License-Identifier: Apache-2.0
// DiskReserve: space that is there when there is none. A database on a full disk takes no commit:
// no result could be sent, nothing deleted, and a node that was stopped would not start. So a file,
// data_dir/reserve, holds real blocks, and is deleted when the disk is all but full; what it gives
// is less than the free space below which images are refused, so that none of them gets it. It is
// made again when there is room. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>

namespace bucky::storage {

class DiskReserve {
public:
    /// `min_free_bytes`: below so much free space images are refused. Half of it is held, 32 MB at
    /// most; none where images are never refused.
    DiskReserve(const std::filesystem::path& data_dir, std::uint64_t min_free_bytes);

    /// Looks at the disk: gives, holds or leaves it. True when it was given just now.
    bool look();

    bool is_held() const;
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    void hold() const;

    const std::filesystem::path file_;
    const std::uint64_t min_free_bytes_, bytes_;
};

}  // namespace bucky::storage
