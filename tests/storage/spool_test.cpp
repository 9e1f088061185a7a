// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <future>
#include <iterator>
#include <random>
#include <span>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"
#include "tests/storage/faulty_calls.h"
#include "tests/support/poll.h"

namespace bucky::storage::test {
namespace {

using namespace std::chrono_literals;
using bucky::test::TempDir;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> files_below(const std::filesystem::path& root) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    return files;
}

mode_t mode_of(const std::filesystem::path& path) {
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    return file.st_mode & 0777U;
}

}  // namespace

TEST_CASE("a kept file has the bytes that were written, under a random name in its hour",
          "[storage]") {
    const TempDir dir;
    Spool spool{dir / "spool"};
    auto file = spool.open();
    file.write(bytes_of("one"));
    file.write(bytes_of(""));
    file.write(bytes_of("two"));
    CHECK(file.bytes() == 6);
    const auto name = spool.keep(file, kStartMs);
    CHECK(name.starts_with("2026112314/"));
    CHECK(name.size() == 11 + 32 + 4);
    CHECK(name.ends_with(".dcm"));
    CHECK(content_of(spool.absolute(name)) == "onetwo");
    CHECK(file.path() == spool.absolute(name));

    auto other = spool.open();
    CHECK(spool.keep(other, kStartMs) != name);
}

TEST_CASE("only their owner may read the spool and its files", "[storage]") {
    const TempDir dir;
    Spool spool{dir / "deep" / "spool"};
    auto file = spool.open();
    CHECK(mode_of(file.path()) == 0600);
    const auto name = spool.keep(file, kStartMs);
    CHECK(mode_of(spool.absolute(name)) == 0600);
    CHECK(mode_of(dir / "deep" / "spool") == 0700);
    CHECK(mode_of(spool.absolute(name).parent_path()) == 0700);
}

TEST_CASE("no child process inherits a file that is being received", "[storage]") {
    static int opened = -1;
    auto calls = FileCalls::of_system();
    calls.open = [](const char* path, int flags, mode_t mode) {
        return opened = ::open(path, flags, mode);
    };
    const TempDir dir;
    Spool spool{dir / "spool", 0, calls};
    const auto file = spool.open();
    REQUIRE(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(opened)) ==
            file.path());
    CHECK((::fcntl(opened, F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a file that is not kept is gone with its scope, also after a move", "[storage]") {
    const TempDir dir;
    Spool spool{dir / "spool"};
    {
        auto file = spool.open();
        file.write(bytes_of("half"));
        const auto moved = std::move(file);
        CHECK(files_below(dir.path()).size() == 1);
    }
    CHECK(files_below(dir.path()).empty());
}

TEST_CASE("a short write is continued, and an interrupted one is repeated", "[storage]") {
    const TempDir dir;
    FaultyCalls calls;
    Spool spool{dir / "spool", 0, calls.table()};
    auto file = spool.open();
    FaultyCalls::write_at_most = 3;
    FaultyCalls::interrupt_every_other_write = true;
    file.write(bytes_of("a radiograph in pieces"));
    CHECK(content_of(spool.absolute(spool.keep(file, kStartMs))) == "a radiograph in pieces");
}

TEST_CASE("a file of many blocks is kept byte for byte, with every behaviour of the disk",
          "[storage]") {
    std::vector<std::uint8_t> content(3'500'001);
    std::mt19937 random{5};
    for (auto& byte : content) byte = static_cast<std::uint8_t>(random());
    const auto kept_as_written = [&](const FileCalls& calls) {
        const TempDir dir;
        Spool spool{dir / "spool", 0, calls};
        auto file = spool.open();
        const std::span all{content};
        for (std::size_t at = 0, piece = 1; at < all.size(); at += piece, piece = piece * 3 + 1) {
            piece = std::min(piece, all.size() - at);
            file.write(all.subspan(at, piece));
            if (piece == 121) file.flush();  // what follows begins at an unaligned offset
        }
        CHECK(file.bytes() == content.size());
        const auto found = content_of(spool.absolute(spool.keep(file, kStartMs)));
        return std::equal(content.begin(), content.end(), found.begin(), found.end(),
                          [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
    };
    CHECK(kept_as_written(FileCalls::of_system()));

    FaultyCalls faulty;
    FaultyCalls::write_at_most = 4096 * 3;
    CHECK(kept_as_written(FaultyCalls::table()));
    FaultyCalls::write_at_most = 70'001;
    CHECK(kept_as_written(FaultyCalls::table()));

    auto no_direct_writes = FileCalls::of_system();
    no_direct_writes.write = [](int fd, const void* bytes, std::size_t count) -> ssize_t {
        if ((::fcntl(fd, F_GETFL) & O_DIRECT) == 0) return ::write(fd, bytes, count);
        errno = EINVAL;
        return -1;
    };
    CHECK(kept_as_written(no_direct_writes));
}

TEST_CASE("the blocks of a large file bypass the page cache, its unaligned end does not",
          "[storage]") {
    static std::size_t past, through;
    past = through = 0;
    auto calls = FileCalls::of_system();
    calls.write = [](int fd, const void* bytes, std::size_t count) {
        const bool is_past = (::fcntl(fd, F_GETFL) & O_DIRECT) != 0;
        (is_past ? past : through) += count;
        return ::write(fd, bytes, count);
    };
    const TempDir dir;
    Spool spool{dir / "spool", 0, calls};
    auto file = spool.open();
    const int direct = ::open(file.path().c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
    if (direct < 0) return;  // O_DIRECT fails on a file system in memory
    ::close(direct);
    file.write(std::vector<std::uint8_t>((2U << 20U) + 4096 + 17));
    spool.keep(file, kStartMs);
    CHECK(past == (2U << 20U) + 4096);
    CHECK(through == 17);
}

TEST_CASE("whatever call fails, and however, nothing is kept and the fault says what to do",
          "[storage]") {
    const std::pair<int, Fault> errors[] = {
        {ENOSPC, Fault::exhausted},  {EDQUOT, Fault::exhausted}, {EMFILE, Fault::exhausted},
        {ENFILE, Fault::exhausted},  {EIO, Fault::unavailable},  {EACCES, Fault::unavailable},
        {EROFS, Fault::unavailable},
    };
    for (const auto& [error, fault] : errors) {
        const TempDir dir;
        FaultyCalls calls;
        Spool spool{dir / "spool", 0, calls.table()};
        int at = 1;
        for (;; ++at) {
            FaultyCalls::fail(at, error);
            const auto thrown = thrown_by([&] {
                auto file = spool.open();
                file.write(bytes_of("pixels"));
                spool.keep(file, kStartMs);
            });
            if (thrown.none()) break;
            INFO("call " << at << ": " << thrown);
            CHECK(thrown == fault);
            CHECK(thrown.words.find(dir.path().string()) != std::string::npos);
            CHECK(files_below(dir.path()).empty());
        }
        // Calls: statvfs, open, write, fdatasync, mkdir, rename, and open and fsync of two
        // directories.
        CHECK(at == 11);
        CHECK(files_below(dir.path()).size() == 1);
    }
}

TEST_CASE("a removed spool folder is created again", "[storage]") {
    const auto* taken = GENERATE("spool/2026112314", "spool/incoming", "spool");
    INFO(taken);
    const TempDir dir;
    Spool spool{dir / "spool"};
    const auto keep = [&] {
        auto file = spool.open();
        file.write(bytes_of("bytes"));
        return spool.keep(file, kStartMs);
    };
    keep();
    std::filesystem::remove_all(dir / taken);
    CHECK(std::filesystem::exists(spool.absolute(keep())));
    CHECK(mode_of(dir / taken) == 0700);
}

TEST_CASE("a file whose folder is removed while it is received is not kept, and the next one is",
          "[storage]") {
    const TempDir dir;
    Spool spool{dir / "spool"};
    auto file = spool.open();
    file.write(bytes_of("bytes"));
    std::filesystem::remove_all(dir / "spool" / "incoming");
    CHECK(thrown_by([&] { spool.keep(file, kStartMs); }) == Fault::unavailable);
    auto next = spool.open();
    next.write(bytes_of("bytes"));
    CHECK(std::filesystem::exists(spool.absolute(spool.keep(next, kStartMs))));
}

TEST_CASE("a file whose name came while its folder was being synced waits for the next sync",
          "[storage]") {
    static std::atomic<int> syncs, renames;
    static std::promise<void> began, go_on;
    began = {};
    go_on = {};
    auto calls = FileCalls::of_system();
    calls.rename = [](const char* from, const char* to) {
        const int renamed = ::rename(from, to);
        ++renames;
        return renamed;
    };
    calls.fsync = [](int) {
        if (++syncs == 1) {
            began.set_value();
            go_on.get_future().wait();
        }
        return 0;
    };
    const TempDir dir;
    syncs = -100;  // until the hour's folder is known to be durable
    Spool spool{dir / "spool", 0, calls};
    const auto keep = [&] {
        auto file = spool.open();
        return spool.keep(file, kStartMs);
    };
    keep();
    syncs = renames = 0;
    auto first = std::async(std::launch::async, keep);
    began.get_future().wait();
    auto second = std::async(std::launch::async, keep);
    REQUIRE(bucky::test::poll_until([] { return renames == 2; }, 60s));
    CHECK(second.wait_for(0s) == std::future_status::timeout);
    go_on.set_value();
    (void)first.get();
    (void)second.get();
    CHECK(syncs == 2);
}

TEST_CASE("below the free-space floor no file is accepted", "[storage]") {
    const TempDir dir;
    FaultyCalls calls;
    Spool spool{dir / "spool", 512U << 20U, calls.table()};
    FaultyCalls::free_bytes = (512U << 20U) - 4096;
    const auto thrown = thrown_by([&] { spool.open(); });
    CHECK(thrown == Fault::exhausted);
    CHECK(thrown.words.find("min_free_mb = 512") != std::string::npos);
    CHECK(files_below(dir.path()).empty());
    FaultyCalls::free_bytes = 512U << 20U;
    CHECK(thrown_by([&] { spool.open(); }).none());
}

TEST_CASE("a spool that cannot be made is unavailable", "[storage]") {
    const TempDir dir;
    std::ofstream{dir / "file"} << "not a folder";
    CHECK(thrown_by([&] { Spool{dir / "file"}; }) == Fault::unavailable);
    CHECK(thrown_by([&] { Spool{dir / "file" / "spool"}; }) == Fault::unavailable);
}

}  // namespace bucky::storage::test
