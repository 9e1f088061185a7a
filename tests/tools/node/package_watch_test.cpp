// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/package_watch.h"

#include <catch2/catch.hpp>

using namespace bucky;

TEST_CASE("a package that fails on image after image is named until it answers again",
          "[tools][several]") {
    PackageWatch watch;
    CHECK(watch.look({{"alpha", 10}, {"beta", 10}}, {{"beta", 0}}, 1'000).empty());
    CHECK(watch.look({{"alpha", 12}, {"beta", 12}}, {{"beta", 2}}, 2'000).empty());  // two so far
    const auto told = watch.look({{"alpha", 14}, {"beta", 14}}, {{"beta", 4}}, 63'000);
    REQUIRE(told.size() == 1);
    CHECK_THAT(told[0].words,
               Catch::StartsWith("beta has failed on each of its last 4 images, since "
                                 "1970-01-01T00:00:"));
    CHECK(watch.look({{"alpha", 14}, {"beta", 14}}, {{"beta", 4}}, 64'000) == told);  // no news
    CHECK(watch.look({{"alpha", 15}, {"beta", 15}}, {{"beta", 4}}, 65'000).empty());
}
