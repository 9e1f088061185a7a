// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/site_quotas.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using bucky::service::SiteQuotas;

namespace {

const SiteQuotas::Now kNow{1000s};

SiteQuotas quotas(std::int64_t at_once, std::int64_t per_second, std::int64_t per_day) {
    SiteQuotas made;
    bucky::conf::ServiceSettings told;
    told.site_at_once = at_once;
    told.site_per_second = per_second;
    told.site_per_day = per_day;
    made.set(told);
    return made;
}

}  // namespace

TEST_CASE("a site that has its requests under way waits, and another does not", "[service]") {
    auto of = quotas(2, 0, 0);
    CHECK_FALSE(of.enter("a", kNow, 1));
    CHECK_FALSE(of.enter("a", kNow, 1));
    const auto refused = of.enter("a", kNow, 1);
    REQUIRE(refused);
    CHECK_THAT(refused->words, Catch::Contains("2 requests of this site are under way"));
    CHECK_FALSE(of.enter("b", kNow, 1));
    of.leave("a", 1);
    CHECK_FALSE(of.enter("a", kNow, 1));
}

TEST_CASE("images in a second count as they are, and a batch is waited for", "[service]") {
    auto of = quotas(100, 2, 0);
    CHECK_FALSE(of.enter("a", kNow, 1));
    of.leave("a", 6);  // one request with three times as many as may
    const auto refused = of.enter("a", kNow, 1);
    REQUIRE(refused);
    CHECK(refused->retry_after_s == 2);
    CHECK(of.enter("a", kNow + 1s, 1));
    CHECK_FALSE(of.enter("a", kNow + 3s, 1));
}

TEST_CASE("images of a day end with the day", "[service]") {
    auto of = quotas(100, 0, 2);
    CHECK_FALSE(of.enter("a", kNow, 1));
    of.leave("a", 2);
    const auto refused = of.enter("a", kNow, 1);
    REQUIRE(refused);
    CHECK_THAT(refused->words, Catch::Contains("2 images of this day"));
    CHECK_FALSE(of.enter("b", kNow, 1));
    CHECK_FALSE(of.enter("a", kNow, 2));
}

TEST_CASE("a request that computes nothing costs no image", "[service]") {
    auto of = quotas(100, 1, 1);
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(of.enter("a", kNow, 1));
        of.leave("a", 0);
    }
}
