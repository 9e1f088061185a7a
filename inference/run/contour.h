// SPDX-License-Identifier: Apache-2.0
// Contours of a heatmap: one closed outline for each connected area at or above a threshold.
//
// Coordinates are those of the heatmap: column and row from the corner of its first cell, whose
// centre is 0.5 0.5. Between cell centres the value is linear, so outlines are smooth. Any thread.
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

/// One area of cells that share sides.
struct Area {
    std::vector<Point> outline;  ///< its outer boundary: closed, does not cross itself
    std::size_t cells = 0;
    double peak = 0;  ///< highest value inside
};

/// in   a heatmap, a threshold
/// out  each area at or above it, in no particular order; holes are not cut out
/// err  none
/// src  marching squares with linear interpolation; at a saddle two areas stay separate
std::vector<Area> areas_above(const Heatmap& heatmap, double threshold);

/// in   an outline that does not cross itself; the largest distance of a point; the most points
/// out  the outline with fewer points; it does not cross itself and keeps at least 3 points
/// err  none
/// src  Douglas and Peucker 1973
std::vector<Point> simplified(const std::vector<Point>& outline, double tolerance,
                              std::size_t points_max);

/// Whether the sides of the polygon meet only at shared corners.
bool is_simple(const std::vector<Point>& polygon);

/// Positive area of the polygon.
double area_of(const std::vector<Point>& polygon);

/// The share of area_of() with column < `column`, 0..1.
double share_left_of(const std::vector<Point>& polygon, double column);

}  // namespace bucky::inference
