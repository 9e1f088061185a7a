// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/traffic.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

using namespace bucky::test;

TEST_CASE("what a sender sends is a pure function of the seed, however much of it is asked for",
          "[crash][walk]") {
    const auto is_same = [](const Shot& one, const Shot& other) {
        return one.called == other.called && one.images == other.images;
    };
    const auto few = planned_shots(5, 2, 50);
    const auto many = planned_shots(5, 2, 200);
    CHECK(std::equal(few.begin(), few.end(), many.begin(), is_same));
    const auto others = planned_shots(6, 2, 50);
    CHECK_FALSE(std::equal(few.begin(), few.end(), others.begin(), is_same));
}

TEST_CASE("senders send studies of one and more images, late ones, some again, some to two tenants",
          "[crash][walk]") {
    for (std::uint64_t sender = 0; sender < kSenders; ++sender) {
        std::set<std::pair<std::string, PlannedImage>> sent;
        std::set<std::pair<std::string, std::uint64_t>> studies;
        std::size_t together = 0, late = 0, again = 0;
        for (const auto& shot : planned_shots(1, sender, 200)) {
            REQUIRE_FALSE(shot.images.empty());
            CHECK(shot.images.front().sender == sender);
            together += shot.images.size() > 1;
            const bool is_new = sent.insert({shot.called, shot.images.front()}).second;
            const bool is_late = !studies.insert({shot.called, shot.images.front().study}).second;
            again += !is_new;
            late += is_new && is_late;
            for (const auto& image : shot.images) sent.insert({shot.called, image});
        }
        CHECK(together > 10);
        CHECK(late > 10);
        CHECK(again > 10);
        for (const auto* called : {kNobody, kNorth, kSouth}) {
            CHECK(std::any_of(studies.begin(), studies.end(),
                              [&](const auto& study) { return study.first == called; }));
        }
        CHECK(std::any_of(studies.begin(), studies.end(), [&](const auto& study) {
            return study.first == kNorth && studies.contains({kSouth, study.second});
        }));
    }
}
