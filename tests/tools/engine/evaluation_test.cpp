// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/evaluation.h"

#include <cmath>

#include <catch2/catch.hpp>

using namespace bucky;
using inference::Answer;
using inference::Point;
using inference::Verdict;

namespace {

std::vector<Point> square(double column, double row, double side) {
    return {{column, row}, {column + side, row}, {column + side, row + side}, {column, row + side}};
}

/// An image with or without a nodule at (100, 100), and the model's answer.
EvaluatedImage image(bool is_there, double score, std::vector<std::vector<Point>> outlines = {}) {
    EvaluatedImage image;
    if (is_there) image.truth.push_back({"nodule", square(100, 100, 40)});
    inference::Finding finding;
    finding.key = "nodule";
    finding.score = score;
    finding.answer = score >= 0.5 ? Answer::present : Answer::absent;
    for (auto& outline : outlines) finding.regions.push_back({std::move(outline), score, {}});
    image.result.verdict = score >= 0.5 ? Verdict::findings : Verdict::no_findings;
    image.result.findings.push_back(finding);
    return image;
}

}  // namespace

TEST_CASE("overlap is the share that two outlines have in common", "[tools]") {
    CHECK(overlap(square(0, 0, 10), square(0, 0, 10)) == Approx(1));
    CHECK(overlap(square(0, 0, 10), square(5, 0, 10)) == Approx(1.0 / 3).margin(0.01));
    CHECK(overlap(square(0, 0, 10), square(20, 0, 10)) == 0);
    CHECK(overlap(square(0, 0, 10), {}) == 0);
    CHECK(overlap(square(0, 0, 10), square(2, 2, 1)) == Approx(0.01).margin(0.005));
}

TEST_CASE("an evaluation counts right and wrong answers by finding", "[tools]") {
    const auto evaluation = evaluate({
        image(true, 0.9, {square(100, 100, 40)}),  // right, and well outlined
        image(true, 0.8, {square(130, 130, 40)}),  // right, touching
        image(true, 0.7, {square(300, 300, 40)}),  // right, elsewhere
        image(true, 0.2),                          // missed
        image(false, 0.6, {square(0, 0, 9)}),      // false alarm
        image(false, 0.1),
    });
    REQUIRE(evaluation.findings.size() == 1);
    const auto& nodule = evaluation.findings[0];
    CHECK(nodule.true_positives == 3);
    CHECK(nodule.false_negatives == 1);
    CHECK(nodule.false_positives == 1);
    CHECK(nodule.true_negatives == 1);
    CHECK(nodule.accuracy() == Approx(4.0 / 6));
    CHECK(nodule.sensitivity() == Approx(0.75));
    CHECK(nodule.specificity() == Approx(0.5));
    CHECK(nodule.located == 2);
    CHECK(nodule.matched == 1);
    CHECK(nodule.auc == Approx((2.0 + 2 + 2 + 1) / 8));
    CHECK(evaluation.healthy == 2);
    CHECK(evaluation.outlines_on_healthy == 1);
}

TEST_CASE("equal scores count half in the area under the curve", "[tools]") {
    CHECK(evaluate({image(true, 0.5), image(false, 0.5)}).findings[0].auc == Approx(0.5));
}

TEST_CASE("an image without an answer is counted as such, and what cannot be told is a dash",
          "[tools]") {
    EvaluatedImage silent;
    silent.result.verdict = Verdict::not_analysed;
    const auto evaluation = evaluate({silent, image(false, 0.1)});
    CHECK(evaluation.not_answered == 1);
    CHECK(std::isnan(evaluation.findings[0].sensitivity()));
    CHECK_THAT(to_text(evaluation), Catch::Contains("2 images, 1 without an answer"));
    CHECK_THAT(to_text(evaluation), Catch::Contains("-"));
}
