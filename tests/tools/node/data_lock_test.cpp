// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/data_lock.h"

#include <unistd.h>
#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/temp_dir.h"

using namespace bucky;

TEST_CASE("a data folder has one node, and the second is told which process has it", "[tools]") {
    const test::TempDir dir;
    const auto pid = std::to_string(::getpid());
    {
        const DataLock lock{dir / "data"};
        CHECK(DataLock::holder(dir / "data") == pid);
        CHECK_THROWS_WITH(DataLock{dir / "data"}, Catch::Contains("in use by another bucky") &&
                                                      Catch::EndsWith("process " + pid));
    }
    CHECK_FALSE(DataLock::holder(dir / "data").has_value());
    CHECK_NOTHROW(DataLock{dir / "data"});
}

TEST_CASE("a data folder that the node makes is its own to read", "[tools]") {
    const test::TempDir dir;
    const DataLock lock{dir / "data"};
    CHECK(std::filesystem::status(dir / "data").permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("a data folder that cannot be written is named in the error", "[tools]") {
    CHECK_THROWS_WITH(DataLock{"/proc/bucky"}, Catch::Contains("node.data_dir /proc/bucky"));
    CHECK_FALSE(DataLock::holder("/nonexistent").has_value());
}
