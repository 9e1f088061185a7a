// SPDX-License-Identifier: Apache-2.0
// Thresholds: what a score means is the model package's word; a site may set another threshold for
// one finding of one training of one model. Nothing is computed anew: the scores are those of the
// image, only what is called present changes.
//
// Below its threshold a finding is absent; a package may say from which lower score on it is
// undetermined instead. A site's threshold takes the place of the upper limit alone.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "inference/findings.h"

namespace bucky::inference {

/// Bound to the weights: another training has other scores.
struct Threshold {
    std::string sha256;   ///< of the weights
    std::string finding;  ///< its key
    double value = 0.5;
    bool operator==(const Threshold&) const = default;
};

/// What a score says. Where `undetermined_from` is not below `threshold`, nothing is undetermined.
Answer answer_at(double score, double threshold, std::optional<double> undetermined_from);

/// The same result, decided at these thresholds where they are for its model, else at its own. Only
/// what is present keeps its regions.
ImageResult decided_at(ImageResult result, std::span<const Threshold> thresholds);

}  // namespace bucky::inference
