// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/figures.h"

#include <cmath>
#include <random>

#include <catch2/catch.hpp>

using namespace bucky;

namespace {

std::vector<Judged> judged(const std::vector<double>& there, const std::vector<double>& not_there,
                           double threshold = 0.5) {
    std::vector<Judged> all;
    for (const double score : there) all.push_back({score, true, score >= threshold});
    for (const double score : not_there) all.push_back({score, false, score >= threshold});
    return all;
}

/// The variance of DeLong (1988) by its definition: every pair is looked at.
double variance_by_pairs(const std::vector<double>& there, const std::vector<double>& not_there) {
    const auto wins = [](double x, double y) { return x > y ? 1.0 : x == y ? 0.5 : 0.0; };
    const auto m = static_cast<double>(there.size()), n = static_cast<double>(not_there.size());
    std::vector<double> v10, v01;
    double auc = 0;
    for (const double x : there) {
        double sum = 0;
        for (const double y : not_there) sum += wins(x, y);
        v10.push_back(sum / n);
        auc += sum / (m * n);
    }
    for (const double y : not_there) {
        double sum = 0;
        for (const double x : there) sum += wins(x, y);
        v01.push_back(sum / m);
    }
    double s10 = 0, s01 = 0;
    for (const double v : v10) s10 += (v - auc) * (v - auc) / (m - 1);
    for (const double v : v01) s01 += (v - auc) * (v - auc) / (n - 1);
    return s10 / m + s01 / n;
}

}  // namespace

TEST_CASE("the interval of an AUC is DeLong's on the logit scale, with ties", "[tools]") {
    const std::vector<double> there{0.9, 0.8, 0.8, 0.6, 0.55, 0.3};
    const std::vector<double> not_there{0.7, 0.6, 0.4, 0.3, 0.2, 0.1, 0.1};
    const auto auc = auc_of(judged(there, not_there));
    CHECK(auc.value == Approx((7 + 7 + 7 + 5.5 + 5 + 3.5) / 42));
    REQUIRE(auc.interval);
    const double deviation = std::sqrt(variance_by_pairs(there, not_there));
    const double half = 1.959964 * deviation / (auc.value * (1 - auc.value));
    const double logit = std::log(auc.value / (1 - auc.value));
    CHECK(auc.interval->low == Approx(1 / (1 + std::exp(half - logit))));
    CHECK(auc.interval->high == Approx(1 / (1 + std::exp(-half - logit))));
}

TEST_CASE("95 of 100 such intervals hold the true AUC", "[tools]") {
    std::mt19937_64 random{7};
    std::normal_distribution<double> normal;
    const double truth = 0.5 * (1 + std::erf(1.2 / 2));  // of two normals 1.2 apart
    int held = 0;
    constexpr int kTrials = 400;
    for (int trial = 0; trial < kTrials; ++trial) {
        std::vector<double> there, not_there;
        for (int i = 0; i < 60; ++i) there.push_back(normal(random) + 1.2);
        for (int i = 0; i < 140; ++i) not_there.push_back(normal(random));
        const auto auc = auc_of(judged(there, not_there));
        REQUIRE(auc.interval);
        if (auc.interval->low <= truth && truth <= auc.interval->high) ++held;
    }
    CHECK(held > 0.92 * kTrials);
    CHECK(held < 0.98 * kTrials);
}

TEST_CASE("an AUC without mistakes has no interval, and one of a single kind has no value",
          "[tools]") {
    const auto perfect = auc_of(judged({0.9, 0.8}, {0.1, 0.2}));
    CHECK(perfect.value == 1);
    CHECK_FALSE(perfect.interval);
    CHECK(std::isnan(auc_of(judged({0.9, 0.8}, {})).value));
    CHECK(std::isnan(auc_of({}).value));
    CHECK(roc_of(judged({0.9}, {})).empty());
}

TEST_CASE("the difference of two AUCs on the same images is paired", "[tools]") {
    const auto one = judged({0.9, 0.8, 0.7, 0.2}, {0.6, 0.3, 0.1, 0.05});
    const auto same = auc_difference(one, one);
    CHECK(same.value == 0);
    CHECK_FALSE(same.interval);
    const auto other = judged({0.9, 0.4, 0.7, 0.2}, {0.6, 0.5, 0.1, 0.05});
    const auto difference = auc_difference(one, other);
    CHECK(difference.value == Approx(auc_of(one).value - auc_of(other).value));
    REQUIRE(difference.interval);
    CHECK(difference.interval->low < difference.value);
}

TEST_CASE("the interval of a share is Wilson's", "[tools]") {
    const auto interval = wilson(81, 263);  // Newcombe (1998), table I: 0.2553 to 0.3662
    REQUIRE(interval);
    CHECK(interval->low == Approx(0.2553).margin(0.00005));
    CHECK(interval->high == Approx(0.3662).margin(0.00005));
    CHECK(wilson(0, 20)->low == 0);
    CHECK(wilson(0, 20)->high == Approx(0.1611).margin(0.00005));  // the same table
    CHECK(wilson(20, 20)->high == 1);
    CHECK_FALSE(wilson(0, 0));
}

TEST_CASE("the threshold that keeps so many is the highest that does", "[tools]") {
    const std::vector<double> scores{0.2, 0.9, 0.5, 0.5, 0.7};
    CHECK(threshold_that_keeps(scores, 1) == 0.9);
    CHECK(threshold_that_keeps(scores, 3) == 0.5);
    CHECK(threshold_that_keeps(scores, 5) == 0.2);
    CHECK_FALSE(threshold_that_keeps(scores, 0));
    CHECK_FALSE(threshold_that_keeps(scores, 6));
}

TEST_CASE("a ROC curve runs from nothing called to everything called", "[tools]") {
    const auto curve = roc_of(judged({0.9, 0.5}, {0.5, 0.1}));
    REQUIRE(curve.size() == 4);
    CHECK(curve[0].sensitivity == 0);
    CHECK(curve[1].sensitivity == 0.5);
    CHECK(curve[2].sensitivity == 1);  // the tie is one step
    CHECK(curve[2].one_less_specificity == 0.5);
    CHECK(curve[3].one_less_specificity == 1);
}

TEST_CASE("kappa is agreement beyond chance", "[tools]") {
    CHECK(kappa_of(20, 5, 10, 15) == Approx(0.4));  // Cohen's own form of example
    CHECK(std::isnan(kappa_of(0, 0, 0, 30)));
}
