// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/journal.h"

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "tests/support/temp_dir.h"

using namespace bucky;

TEST_CASE("standard output is the journal when systemd's variable names just this file", "[conf]") {
    const test::TempDir dir;
    const int fd = ::open((dir / "out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    struct stat here {};
    REQUIRE(::fstat(fd, &here) == 0);
    REQUIRE(::unsetenv("JOURNAL_STREAM") == 0);
    CHECK_FALSE(log::is_journal(fd));
    const auto other = fmt::format("{}:{}", here.st_dev, here.st_ino + 1);
    REQUIRE(::setenv("JOURNAL_STREAM", other.c_str(), 1) == 0);
    CHECK_FALSE(log::is_journal(fd));
    const auto same = fmt::format("{}:{}", here.st_dev, here.st_ino);
    REQUIRE(::setenv("JOURNAL_STREAM", same.c_str(), 1) == 0);
    CHECK(log::is_journal(fd));
    REQUIRE(::unsetenv("JOURNAL_STREAM") == 0);
    ::close(fd);
    CHECK(log::priority_of(LogLevel::warning) == "<4>");
}
