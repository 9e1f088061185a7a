// SPDX-License-Identifier: Apache-2.0
// The drawings of an audit's page, as SVG within HTML. Colours are the page's (page.cpp). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/bucky/engine/figures.h"

namespace bucky {

std::string html(std::string_view text);  ///< with what HTML would take for markup escaped

struct Curve {
    std::vector<RocPoint> points;
    double sensitivity = 0, one_less_specificity = 0;  ///< at the threshold in use
};

/// ROC curves of one or two models, with the operating point of each.
std::string roc_drawing(std::span<const Curve> curves);

/// How many scores there are in each twentieth of 0..1; `marked` are drawn stronger (those of
/// images where the finding is there). A line stands at the threshold.
std::string histogram_drawing(std::span<const double> scores, std::span<const double> marked,
                              double threshold);

/// Scores of two models for the same images: x the first, y the second, lines at the thresholds.
std::string scatter_drawing(std::span<const std::pair<double, double>> scores, double threshold_x,
                            double threshold_y);

/// The 5th to the 95th of a hundred scores, the middle half, the median; a tick at the threshold.
std::string strip_drawing(std::vector<double> scores, double threshold);

}  // namespace bucky
