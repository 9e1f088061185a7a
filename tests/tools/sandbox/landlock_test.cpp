// SPDX-License-Identifier: Apache-2.0
// Landlock in action: what a decode worker could still do if an image had taken it over.
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "scp/wire/unique_fd.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/sandbox/landlock.h"

using namespace bucky;
using bucky::test::TempDir;

namespace {

constexpr int kVersionWithTcp = 4;

/// The errno of `attempt` in a process that may read in `folder`; 0 when it succeeded.
int errno_inside(const std::filesystem::path& folder, const std::function<bool()>& attempt,
                 int file = -1) {
    const std::vector<std::filesystem::path> readable{folder, "/not/there"};
    const pid_t child = ::fork();
    if (child == 0) {
        if (!restrict_files(readable, file)) ::_exit(255);
        errno = 0;
        ::_exit(attempt() ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool has_landlock() {
    if (landlock_version() > 0) return true;
    std::cout << "skipped: this kernel has no Landlock\n";
    return false;
}

}  // namespace

TEST_CASE("a restricted process reads in its folder and writes nowhere", "[tools][containment]") {
    if (!has_landlock()) return;
    const TempDir inside, outside;
    const auto image = inside / "image", key = outside / "node.key";
    std::ofstream{image} << "an image";
    std::ofstream{key} << "a key";
    const auto opens = [](const std::filesystem::path& file, int flags) {
        return [file, flags] { return ::open(file.c_str(), flags | O_CLOEXEC, 0600) >= 0; };
    };
    CHECK(errno_inside(inside.path(), opens(image, O_RDONLY)) == 0);
    CHECK(errno_inside(inside.path(), opens(key, O_RDONLY)) == EACCES);
    CHECK(errno_inside(inside.path(), opens("/etc/passwd", O_RDONLY)) == EACCES);
    CHECK(errno_inside(inside.path(), opens(image, O_WRONLY)) == EACCES);
    CHECK(errno_inside(inside.path(), opens(inside / "new", O_WRONLY | O_CREAT)) == EACCES);
    CHECK(errno_inside(inside.path(), [&] { return ::unlink(image.c_str()) == 0; }) == EACCES);
    CHECK(errno_inside(inside.path(), [] {
              char name[] = "/bin/true";
              char* arguments[] = {name, nullptr};
              return ::execv(name, arguments) == 0;
          }) == EACCES);
    CHECK(std::filesystem::exists(image));
}

TEST_CASE("who is fenced in calls nobody, where the kernel can forbid it", "[tools][containment]") {
    if (!has_landlock() || landlock_version() < kVersionWithTcp) return;
    const TempDir inside;
    CHECK(errno_inside(inside.path(), [] {
              sockaddr_in address{};
              address.sin_family = AF_INET;
              address.sin_port = htons(1);
              address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
              const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
              return ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
          }) == EACCES);
}

TEST_CASE("who was handed a file opens that one again, and not the one beside it",
          "[tools][decoder][containment]") {
    if (!has_landlock()) return;
    const TempDir spool;
    const auto own = spool / "own", other = spool / "other";
    std::ofstream{own} << "an image";
    std::ofstream{other} << "another's image";
    const scp::UniqueFd file{::open(own.c_str(), O_RDONLY | O_CLOEXEC)};
    const auto opens = [](std::string name) {
        return [name = std::move(name)] { return ::open(name.c_str(), O_RDONLY | O_CLOEXEC) >= 0; };
    };
    const auto handed = [&](const std::function<bool()>& attempt) {
        return errno_inside("/not/there", attempt, file.get());
    };
    CHECK(handed(opens("/proc/self/fd/" + std::to_string(file.get()))) == 0);
    CHECK(handed(opens(other.string())) == EACCES);
    CHECK(handed(opens(spool.path().string())) == EACCES);
    CHECK(handed([&] { return ::open(own.c_str(), O_RDWR | O_CLOEXEC) >= 0; }) == EACCES);
}
