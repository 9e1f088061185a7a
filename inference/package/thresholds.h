// SPDX-License-Identifier: Apache-2.0
// Thresholds: the model package gives each finding its threshold; a site may set another one, for
// one finding of one set of weights. Nothing is computed again: the scores stay, and only the
// decision of what is present changes.
//
// Below its threshold a finding is absent. A package may state a lower score from which it is
// undetermined instead. A threshold of a site replaces only the upper limit.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "inference/findings.h"

namespace bucky::inference {

/// Bound to the weights: after another training the scores mean something else.
struct Threshold {
    std::string sha256;   ///< of the weights
    std::string finding;  ///< its key
    double value = 0.5;
    bool operator==(const Threshold&) const = default;
};

/// The answer for a score. If `undetermined_from` is not below `threshold`, it is never
/// undetermined.
Answer answer_at(double score, double threshold, std::optional<double> undetermined_from);

/// The same result, decided at these thresholds; a finding without one keeps the model's. Only a
/// finding that is present keeps its regions.
ImageResult decided_at(ImageResult result, std::span<const Threshold> thresholds);

}  // namespace bucky::inference
