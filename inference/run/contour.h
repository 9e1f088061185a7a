// SPDX-License-Identifier: Apache-2.0
// Contours of a heatmap: where it is at or above a threshold, one closed outline a connected area.
//
// Coordinates are the heatmap's own: column and row from the corner of its first cell, whose centre
// is 0.5 0.5. Between two cell centres the value is linear, so outlines are smooth. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "inference/findings.h"

namespace bucky::inference {

struct Heatmap {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::span<const float> values;  ///< row-major
};

/// One area of cells that touch by their sides.
struct Area {
    std::vector<Point> outline;  ///< its outer boundary, closed, does not cross itself
    std::size_t cells = 0;
    double peak = 0;  ///< highest value inside
};

/// in   a heatmap, a threshold
/// out  each area at or above it, in no particular order; holes are not cut out
/// err  none
/// src  marching squares with linear interpolation; saddles count as apart, as the areas do
std::vector<Area> areas_above(const Heatmap& heatmap, double threshold);

/// in   an outline that does not cross itself; how far a point may lie off; how many may stay
/// out  the outline with fewer points, still not crossing itself, at least 3 where it had 3
/// err  none
/// src  Douglas and Peucker 1973
std::vector<Point> simplified(const std::vector<Point>& outline, double tolerance,
                              std::size_t points_max);

/// Whether no two sides of the polygon meet but at shared corners.
bool is_simple(const std::vector<Point>& polygon);

/// Positive area of the polygon.
double area_of(const std::vector<Point>& polygon);

/// The part of area_of() with column < `column`, 0..1.
double share_left_of(const std::vector<Point>& polygon, double column);

}  // namespace bucky::inference
