// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/figures.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace bucky {
namespace {

/// Two-sided 95 % of the normal distribution.
constexpr double kZ = 1.959963984540054;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// DeLong's structural components: how often a positive wins over all negatives, and a negative
/// over all positives.
struct Components {
    std::vector<double> of_positives, of_negatives;
};

/// The share of `sorted` below the score; those equal to it count half.
double share_below(const std::vector<double>& sorted, double score) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), score);
    const double below =
        static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
    return below / static_cast<double>(sorted.size());
}

Components components_of(std::span<const Judged> all) {
    std::vector<double> positives, negatives;
    for (const auto& one : all) (one.is_there ? positives : negatives).push_back(one.score);
    std::ranges::sort(positives);
    std::ranges::sort(negatives);
    Components made;
    if (positives.empty() || negatives.empty()) return made;
    for (const auto& one : all) {  // in the order of the images, for pairs
        if (one.is_there) {
            made.of_positives.push_back(share_below(negatives, one.score));
        } else {
            made.of_negatives.push_back(1 - share_below(positives, one.score));
        }
    }
    return made;
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Of the mean of these values.
double variance_of_mean(const std::vector<double>& values) {
    const double middle = mean(values);
    double squares = 0;
    for (const double value : values) squares += (value - middle) * (value - middle);
    const auto n = static_cast<double>(values.size());
    return squares / (n - 1) / n;
}

std::optional<double> deviation_of(const Components& components) {
    if (components.of_positives.size() < 2 || components.of_negatives.size() < 2) return {};
    const double variance =
        variance_of_mean(components.of_positives) + variance_of_mean(components.of_negatives);
    if (variance <= 0) return {};
    return std::sqrt(variance);
}

/// Wins counted, as in the definition: exact where all of it is.
double area(std::span<const Judged> all) {
    std::vector<double> positives, negatives;
    for (const auto& one : all) (one.is_there ? positives : negatives).push_back(one.score);
    std::ranges::sort(negatives);
    double wins = 0;
    for (const double score : positives) {
        const auto [first, last] = std::equal_range(negatives.begin(), negatives.end(), score);
        wins += static_cast<double>(first - negatives.begin()) +
                0.5 * static_cast<double>(last - first);
    }
    const auto pairs =
        static_cast<double>(positives.size()) * static_cast<double>(negatives.size());
    return pairs == 0 ? kNone : wins / pairs;
}

std::vector<double> less(const std::vector<double>& one, const std::vector<double>& other) {
    std::vector<double> made(one.size());
    std::ranges::transform(one, other, made.begin(), std::minus{});
    return made;
}

}  // namespace

double ratio(std::size_t part, std::size_t whole) {
    return whole == 0 ? kNone : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double share) {
    return std::isnan(share) ? "-" : fmt::format("{:.1f} %", 100 * share);
}

double Counts::accuracy() const {
    return ratio(true_positives + true_negatives, there() + not_there());
}
double Counts::sensitivity() const {
    return ratio(true_positives, there());
}
double Counts::specificity() const {
    return ratio(true_negatives, not_there());
}
double Counts::precision() const {
    return ratio(true_positives, said());
}

Counts counts_of(std::span<const Judged> all) {
    Counts counts;
    for (const auto& one : all) {
        ++(one.is_there  ? one.is_said ? counts.true_positives : counts.false_negatives
           : one.is_said ? counts.false_positives
                         : counts.true_negatives);
    }
    return counts;
}

Counts counts_at(std::span<const Judged> all, double threshold) {
    std::vector<Judged> moved(all.begin(), all.end());
    for (auto& one : moved) one.is_said = one.score >= threshold;
    return counts_of(moved);
}

std::optional<Interval> wilson(std::size_t part, std::size_t whole) {
    if (whole == 0) return {};
    const auto n = static_cast<double>(whole);
    const double p = static_cast<double>(part) / n, z2 = kZ * kZ;
    const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = kZ / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
    return Interval{.low = part == 0 ? 0 : std::max(0.0, centre - half),
                    .high = part == whole ? 1 : std::min(1.0, centre + half)};
}

Auc auc_of(std::span<const Judged> all) {
    Auc auc{.value = area(all)};
    const auto deviation = deviation_of(components_of(all));
    if (!deviation || auc.value <= 0 || auc.value >= 1) return auc;
    const double logit = std::log(auc.value / (1 - auc.value));
    const double half = kZ * *deviation / (auc.value * (1 - auc.value));
    const auto back = [](double x) { return 1 / (1 + std::exp(-x)); };
    auc.interval = {.low = back(logit - half), .high = back(logit + half)};
    return auc;
}

Auc auc_difference(std::span<const Judged> one, std::span<const Judged> other) {
    Auc made{.value = area(one) - area(other)};
    const auto of_one = components_of(one), of_other = components_of(other);
    if (of_one.of_positives.size() != of_other.of_positives.size() ||
        of_one.of_negatives.size() != of_other.of_negatives.size()) {
        return made;
    }
    const auto deviation = deviation_of({less(of_one.of_positives, of_other.of_positives),
                                         less(of_one.of_negatives, of_other.of_negatives)});
    if (deviation) {
        made.interval = {.low = made.value - kZ * *deviation, .high = made.value + kZ * *deviation};
    }
    return made;
}

std::vector<RocPoint> roc_of(std::span<const Judged> all) {
    std::vector<Judged> sorted(all.begin(), all.end());
    std::ranges::sort(sorted, std::ranges::greater{}, &Judged::score);
    const auto there =
        static_cast<std::size_t>(std::ranges::count(sorted, true, &Judged::is_there));
    const auto not_there = sorted.size() - there;
    if (there == 0 || not_there == 0) return {};
    std::vector<RocPoint> points{{std::numeric_limits<double>::infinity(), 0, 0}};
    std::size_t hits = 0, alarms = 0;
    for (std::size_t i = 0; i < sorted.size(); ++i) {
        ++(sorted[i].is_there ? hits : alarms);
        if (i + 1 < sorted.size() && sorted[i + 1].score == sorted[i].score) continue;
        points.push_back({sorted[i].score, ratio(hits, there), ratio(alarms, not_there)});
    }
    return points;
}

std::optional<double> threshold_that_keeps(std::vector<double> scores, std::size_t how_many) {
    if (how_many == 0 || how_many > scores.size()) return {};
    const auto at = scores.begin() + static_cast<std::ptrdiff_t>(how_many - 1);
    std::nth_element(scores.begin(), at, scores.end(), std::greater{});
    return *at;
}

double kappa_of(std::size_t both, std::size_t only_one, std::size_t only_other,
                std::size_t neither) {
    const std::size_t all = both + only_one + only_other + neither;
    const double agreed = ratio(both + neither, all);
    const double one = ratio(both + only_one, all), other = ratio(both + only_other, all);
    const double chance = one * other + (1 - one) * (1 - other);
    return chance >= 1 ? kNone : (agreed - chance) / (1 - chance);
}

}  // namespace bucky
