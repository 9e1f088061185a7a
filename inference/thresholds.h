// SPDX-License-Identifier: Apache-2.0
// Thresholds: what a score means is the model package's word; a site may set another threshold for
// one finding of one training of one model. Nothing is computed anew: the scores are those of the
// image, only what is called present changes.
#pragma once

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

/// The same result, decided at these thresholds where they are for its model, else at its own. Only
/// what is present keeps its regions.
ImageResult decided_at(ImageResult result, std::span<const Threshold> thresholds);

}  // namespace bucky::inference
