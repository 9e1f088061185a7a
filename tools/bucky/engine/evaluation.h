// SPDX-License-Identifier: Apache-2.0
// Evaluation: how good a model's answers are, finding by finding, where the truth is known. It
// compares the planted lesions with the model's findings. Pure arithmetic.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "tools/bucky/engine/figures.h"

namespace bucky {

/// One lesion that is really there.
struct Planted {
    std::string finding;  ///< key
    std::vector<inference::Point> outline;
};

struct EvaluatedImage {
    std::vector<Planted> truth;
    inference::ImageResult result;
};

struct FindingScore : Counts {
    std::string key;
    std::size_t located = 0;  ///< true positives whose outline overlaps a planted one at all
    std::size_t matched = 0;  ///< ... with an intersection over union of 0.3 or more
    double auc = 0;           ///< figures.h
};

struct Evaluation {
    std::vector<FindingScore> findings;  ///< in the model's order
    std::size_t images = 0;
    std::size_t not_answered = 0;  ///< no verdict of findings or no findings
    std::size_t healthy = 0;       ///< answered, and nothing was planted
    std::size_t outlines_on_healthy = 0;
};

Evaluation evaluate(const std::vector<EvaluatedImage>& images);

/// A table of 80 columns and the counts below it.
std::string to_text(const Evaluation& evaluation);

/// Intersection over union of two closed polygons, 0..1, on a grid of about 256 x 256 cells over
/// both.
double overlap(const std::vector<inference::Point>& a, const std::vector<inference::Point>& b);

}  // namespace bucky
