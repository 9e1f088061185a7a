// SPDX-License-Identifier: Apache-2.0
// Figures: how well scores tell what is there from what is not, with 95 % intervals. The one
// implementation for `bucky model evaluate`, `bucky audit` and `bucky shadow report`. Pure
// arithmetic.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bucky {

/// One answer to one question, where the truth is known.
struct Judged {
    double score = 0;
    bool is_there = false;
    bool is_said = false;  ///< at the threshold in use
};

/// Shares are not a number where nothing can be counted.
struct Counts {
    std::size_t true_positives = 0, true_negatives = 0, false_positives = 0, false_negatives = 0;

    std::size_t there() const { return true_positives + false_negatives; }
    std::size_t not_there() const { return true_negatives + false_positives; }
    std::size_t said() const { return true_positives + false_positives; }
    double accuracy() const;
    double sensitivity() const;
    double specificity() const;
    double precision() const;  ///< positive predictive value
};
Counts counts_of(std::span<const Judged> all);
Counts counts_at(std::span<const Judged> all, double threshold);  ///< as if this were in use

double ratio(std::size_t part, std::size_t whole);  ///< not a number of 0
std::string percent(double share);                  ///< "85.0 %", or "-"

struct Interval {
    double low = 0, high = 0;
};

/// src  Wilson (1927), score interval without correction; nothing of nothing
std::optional<Interval> wilson(std::size_t part, std::size_t whole);

struct Auc {
    double value = 0;                    ///< not a number without both kinds
    std::optional<Interval> interval{};  ///< none where the scores do not vary enough for one
};

/// The area under the ROC curve; ties count half.
///   src  Mann and Whitney (1947); DeLong, DeLong and Clarke-Pearson (1988) for the variance, the
///        interval on the logit scale, so that it stays within 0..1
Auc auc_of(std::span<const Judged> all);

/// AUC of `one` less that of `other`, on the same images in the same order.
///   src  DeLong, DeLong and Clarke-Pearson (1988), paired
Auc auc_difference(std::span<const Judged> one, std::span<const Judged> other);

struct RocPoint {
    double threshold = 0, sensitivity = 0, one_less_specificity = 0;
};
/// From 0, 0 to 1, 1, one for each distinct score; empty without both kinds.
std::vector<RocPoint> roc_of(std::span<const Judged> all);

/// The highest threshold at which so many of these scores are at or above it; none for 0 or more
/// than there are.
std::optional<double> threshold_that_keeps(std::vector<double> scores, std::size_t how_many);

/// Agreement beyond chance of two yes-or-no answers; not a number where chance explains all.
///   src  Cohen (1960)
double kappa_of(std::size_t both, std::size_t only_one, std::size_t only_other,
                std::size_t neither);

}  // namespace bucky
