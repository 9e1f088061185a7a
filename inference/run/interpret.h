// SPDX-License-Identifier: Apache-2.0
// interpret: from scores and heatmaps to findings with a place in the image. Any thread.
//
// A finding is present if its score reaches its threshold, and undetermined in the band below it
// that its package may define. A finding that is present shows its places: the areas of its heatmap
// at or above heatmap_threshold. If the heatmap stays below that, the areas above half of its
// maximum are taken, because a finding without a place is of little use. An absent finding has no
// places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/run/model.h"
#include "inference/run/prepare.h"

namespace bucky::inference {

inline constexpr std::size_t kRegionsMax = 5;          ///< for each finding, best first
inline constexpr std::size_t kOutlinePointsMax = 200;  ///< for each region
inline constexpr double kHeatmapPeakMin = 0.05;        ///< a heatmap below it shows nothing

/// in   a model's answer for one image, its package, the position of the image in the input,
///      Patient Orientation of the image (empty when the header has none)
/// out  one Finding for each of the package's, in its order. Outlines are in image coordinates,
///      inside the image, do not cross themselves, have 3 to 200 points; at most 5 for a finding,
///      best first. Specks under 1/2000 of the heatmap are dropped unless there is nothing else. A
///      finding that is present keeps its heatmap as heat, of at most 64 x 64 cells
/// err  corrupt when the number of scores or heatmaps is not the number of findings
/// src  PS3.3 C.18.6.1.1 (coordinates), C.7.6.1.1.1 (orientation)
std::vector<Finding> interpret(const ModelOutput& output, const Package& package,
                               const Placement& placement,
                               const std::vector<std::string>& patient_orientation);

/// The side of the patient on which an outline lies: the halves of the image are the halves of the
/// body; "both" if at least 15 % of its area is in each.
///   in   an outline, the columns of the image, Patient Orientation. Without one, left of the image
///        is the patient's right, as in a frontal chest image
///   out  unknown when columns do not run between left and right (a lateral view)
///   err  none
///   src  PS3.3 C.7.6.1.1.1
Side side_of(const std::vector<Point>& outline, std::uint32_t image_columns,
             const std::vector<std::string>& patient_orientation);

}  // namespace bucky::inference
