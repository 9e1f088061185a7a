// SPDX-License-Identifier: Apache-2.0
#include "storage/site.h"

#include <catch2/catch.hpp>

#include "tests/storage/fault_of.h"
#include "tests/support/temp_dir.h"

namespace bucky::storage::test {

TEST_CASE("the connections of a site open the same database", "[storage]") {
    const bucky::test::TempDir dir;
    const Site site{dir.path()};
    Database first = site.open();
    const auto second = site.open_on_heap(Database::Mode::existing);
    first.prepare({"test.mark", "INSERT INTO tally (lane, done) VALUES ('infer', 7)"}).run();
    auto row = second->prepare({"test.read", "SELECT done FROM tally WHERE lane = 'infer'"});
    REQUIRE(row.step());
    CHECK(row.integer(0) == 7);
}

TEST_CASE("a folder without a database is known before anything is made there", "[storage]") {
    const bucky::test::TempDir dir;
    const Site site{dir / "data"};
    CHECK_FALSE(site.has_database());
    CHECK(thrown_by([&] { (void)site.open(Database::Mode::read_only); }) == Fault::unavailable);
    CHECK_FALSE(site.has_database());
    { const Database made = site.open(); }
    CHECK(site.has_database());
}

}  // namespace bucky::storage::test
