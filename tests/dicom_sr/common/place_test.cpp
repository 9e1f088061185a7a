// SPDX-License-Identifier: Apache-2.0
// Where a finding is, in words.
#include "dicom_sr/common/place.h"

#include <catch2/catch.hpp>

#include "tests/dicom_sr/examples.h"

using namespace bucky;
using namespace bucky::dicom_sr;

namespace {

inference::Region between(double top, double bottom, inference::Side side) {
    return {{{100, top}, {300, top}, {300, bottom}, {100, bottom}}, 0.9, side};
}

}  // namespace

TEST_CASE("a zone is a third of the lungs, not of the image", "[dicom_sr]") {
    auto result = examples::with_findings().result;  // 2,000 rows
    const auto said = [&](double top, double bottom) {
        return place_of(between(top, bottom, inference::Side::right), result, Language::english);
    };
    // Lungs end where the abdomen begins: what is low in them is in the middle of the film.
    result.lungs = {200, 1100};
    CHECK(said(900, 1050) == "right lower zone");
    CHECK(said(550, 750) == "right mid zone");
    CHECK(said(250, 450) == "right upper zone");
    CHECK(said(100, 190) == "right upper zone");
    CHECK(said(1150, 1300) == "right lower zone");
    CHECK(said(600, 1000) == "right mid-lower zone");
    result.lungs.reset();
    CHECK(said(900, 1050) == "right mid zone");
    CHECK(place_of(between(0, 9, inference::Side::both), result, Language::english) ==
          "both sides");
    result.rows = 0;
    CHECK(said(0, 0) == "right");
}
