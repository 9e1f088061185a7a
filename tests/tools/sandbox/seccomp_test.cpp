// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.h"
#include "tools/bucky/sandbox/seccomp.h"

using namespace bucky;

namespace {

constexpr int kNoFilter = 77;

/// The errno of `attempt` in a process with the filter; 0 when it succeeded.
int errno_of(const std::function<bool()>& attempt) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (!install_seccomp_filter()) ::_exit(kNoFilter);
        errno = 0;
        ::_exit(attempt() ? 0 : errno);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("who is shut in reads and computes, and does nothing else", "[tools][containment]") {
    const test::TempDir dir;
    const auto file = (dir / "image").string();
    const auto other = (dir / "other").string();
    std::ofstream{file} << "an image";
    if (errno_of([] { return true; }) == kNoFilter) {
        std::cout << "skipped: this kernel has no seccomp filters\n";
        return;
    }
    CHECK(errno_of([&] {
              const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
              char byte = 0;
              return fd >= 0 && ::read(fd, &byte, 1) == 1 && byte == 'a';
          }) == 0);
    CHECK(errno_of([] {
              return ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                            -1, 0) != MAP_FAILED;
          }) == 0);
    for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_CREAT | O_TRUNC, O_RDONLY | O_TRUNC}) {
        CHECK(errno_of([&] { return ::open(file.c_str(), flags, 0600) >= 0; }) == EPERM);
    }
    CHECK(errno_of([&] { return ::open(other.c_str(), O_RDONLY | O_CREAT, 0600) >= 0; }) == EPERM);
    CHECK(errno_of([&] { return ::unlink(file.c_str()) == 0; }) == EPERM);
    CHECK(errno_of([&] { return ::rename(file.c_str(), other.c_str()) == 0; }) == EPERM);
    CHECK(errno_of([&] { return ::mkdir(other.c_str(), 0700) == 0; }) == EPERM);
    CHECK(errno_of([] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }) == EPERM);
    CHECK(errno_of([] { return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0; }) == EPERM);
    CHECK(errno_of([] { return ::fork() >= 0; }) == EPERM);
    CHECK(errno_of([] { return ::kill(::getppid(), 0) == 0; }) == EPERM);
    CHECK(errno_of([] {
              char name[] = "/bin/true";
              char* arguments[] = {name, nullptr};
              return ::execv(name, arguments) == 0;
          }) == EPERM);
    CHECK(std::filesystem::exists(file));
    CHECK_FALSE(std::filesystem::exists(other));
}
