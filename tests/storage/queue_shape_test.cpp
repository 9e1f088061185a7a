// SPDX-License-Identifier: Apache-2.0
#include "storage/queue_shape.h"

#include <catch2/catch.hpp>

#include "tests/storage/data_folder.h"

namespace bucky::storage::test {

TEST_CASE("open jobs are counted by lane and age, and finished ones are not", "[storage]") {
    DataFolder node;
    const std::int64_t ages_ms[] = {0, 59'999, 60'000, 3'600'000, 700'000'000};
    for (const auto age_ms : ages_ms) {
        // The clock of a data folder only goes forward, so each image is sent at its own time.
        SettableClock then{kStartMs - age_ms};
        Intake intake{node.db, node.spool, then, StudyTimes{3000, 300000}};
        const auto number = std::to_string(age_ms + 1);
        DataFolder::send(intake, node.spool,
                         {.sop_instance = "1.2.4." + number, .study = "1.2.3." + number});
    }
    auto done = node.jobs.claim(Lane::infer(), 1000);
    REQUIRE(done);  // the oldest
    CHECK(queue_shape(node.db, node.clock).at(0).open == 5);
    REQUIRE(node.jobs.finish(*done));
    const auto parked = node.jobs.claim(Lane::infer(), 1000);
    REQUIRE(node.jobs.park(*parked, "no"));

    const auto lanes = queue_shape(node.db, node.clock);
    REQUIRE(lanes.size() == 1);
    CHECK(lanes[0].lane == Lane::infer());
    CHECK(lanes[0].open == 4);
    CHECK(lanes[0].parked == 1);
    CHECK(lanes[0].by_age == std::array<std::int64_t, 7>{2, 1, 0, 1, 0, 0, 0});
}

}  // namespace bucky::storage::test
