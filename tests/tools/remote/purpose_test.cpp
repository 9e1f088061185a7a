// SPDX-License-Identifier: Apache-2.0
// What a site asks a service before any tensor: whether anybody is there, and what its package is
// for.
#include <catch2/catch.hpp>

#include "tests/tools/remote/remote_site.h"

using namespace bucky;
using namespace bucky::test;
using Site = RemoteSite;

TEST_CASE("a package that is a demonstration at one end only is refused in words",
          "[tools][remote]") {
    Site site;
    SECTION("named in the metadata") {
        site.server.mood(R"({"purpose": "demonstration"})");
    }
    SECTION("named where NVIDIA Triton names it") {
        site.server.mood(R"({"purpose": "demonstration", "in_config": true})");
    }
    CHECK_THAT(site.words_of_run(),
               Catch::Contains(R"(the server's package has the purpose "demonstration")") &&
                   Catch::Contains(R"(the package here "research")"));
    CHECK(site.seen()["infer"] == 0);
    site.server.mood(R"({"purpose": "research"})");
    CHECK_NOTHROW(site.model());
}

TEST_CASE("whether anybody is there is asked without a tensor", "[tools][remote]") {
    Site site;
    CHECK_NOTHROW(check_alive(site.settings));
    CHECK(site.seen()["infer"] == 0);
    site.server.kill9();
    CHECK_THROWS_AS(check_alive(site.settings), inference::NobodyAnswers);
}
