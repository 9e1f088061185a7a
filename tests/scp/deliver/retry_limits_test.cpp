// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/retry_limits.h"

#include <catch2/catch.hpp>

using namespace bucky;

TEST_CASE("a destination is tried again after its own first wait, then twice that, up to its cap",
          "[scp]") {
    conf::DestinationSettings told;
    told.retry_first_s = 10;
    told.retry_cap_s = 60;
    Backoff backoff{scp::retry_limits(told)};
    const auto is_about = [&](int attempts, std::int64_t wanted_ms) {
        const auto wait_ms = backoff.wait_ms(attempts);  // 20 % less or more, at random
        return wait_ms >= wanted_ms * 8 / 10 && wait_ms <= wanted_ms * 12 / 10;
    };
    for (int again = 0; again < 20; ++again) {
        CHECK(is_about(1, 10'000));
        CHECK(is_about(2, 20'000));
        CHECK(is_about(9, 60'000));
    }
}
