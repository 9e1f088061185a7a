// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include <sys/mount.h>
#include <sys/stat.h>

#include "storage/disk_reserve.h"
#include "tests/support/temp_dir.h"

namespace bucky::storage::test {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMegabyte = 1'000'000;

/// A new file system of 100 MB; needs the permission to mount it.
class SmallDisk {
public:
    SmallDisk() { mounted_ = ::mount("tmpfs", dir_.path().c_str(), "tmpfs", 0, "size=100m") == 0; }
    ~SmallDisk() {
        if (mounted_) (void)::umount2(dir_.path().c_str(), MNT_DETACH);
    }
    bool mounted() const { return mounted_; }
    fs::path path() const { return dir_.path(); }
    std::uint64_t free_bytes() const { return fs::space(path()).available; }
    void fill_but(std::uint64_t bytes) {
        std::ofstream ballast{path() / "ballast", std::ios::binary | std::ios::app};
        const std::string block(4096, 'x');
        while (free_bytes() > bytes && ballast.write(block.data(), 4096).flush()) {
        }
    }

private:
    bucky::test::TempDir dir_;
    bool mounted_ = false;
};

}  // namespace

TEST_CASE(
    "the reserve is held while there is room, deleted when the disk is full, and created again",
    "[storage][disk]") {
    SmallDisk disk;
    if (!disk.mounted()) {
        WARN("skipped: mounting a small file system needs root");
        return;
    }
    DiskReserve reserve{disk.path(), 20 * kMegabyte};
    const auto before = disk.free_bytes();
    CHECK_FALSE(reserve.look());
    CHECK(reserve.is_held());
    CHECK(before - disk.free_bytes() >= 10 * kMegabyte);

    disk.fill_but(5 * kMegabyte);
    CHECK_FALSE(reserve.look());
    CHECK(reserve.is_held());
    disk.fill_but(0);
    CHECK(reserve.look());
    CHECK_FALSE(reserve.is_held());
    CHECK(disk.free_bytes() >= 10 * kMegabyte);
    CHECK(disk.free_bytes() < 20 * kMegabyte);  // images are refused

    CHECK_FALSE(reserve.look());
    CHECK_FALSE(reserve.is_held());
    fs::remove(disk.path() / "ballast");
    CHECK_FALSE(reserve.look());
    CHECK(reserve.is_held());
}

TEST_CASE("where images are never refused, or the disk is small, there is no reserve",
          "[storage]") {
    const bucky::test::TempDir dir;
    DiskReserve none{dir.path(), 0};
    CHECK_FALSE(none.look());
    CHECK(fs::is_empty(dir.path()));
    DiskReserve huge{dir.path(), 1ULL << 60U};
    CHECK_FALSE(huge.look());
    CHECK(fs::is_empty(dir.path()));
}

}  // namespace bucky::storage::test
