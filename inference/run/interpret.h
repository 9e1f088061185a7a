// SPDX-License-Identifier: Apache-2.0
// interpret: from scores and heatmaps to findings with a place in the image. Any thread.
//
// A finding is present when its score reaches its threshold, and undetermined in the band below it
// that its package may name. A present, located finding shows
// where: its heatmap's areas at or above heatmap_threshold, or, when the heatmap stays below that,
// above half of its own maximum: "present" without a place would help nobody. Absent ones have no
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

inline constexpr std::size_t kRegionsMax = 5;          ///< of one finding, best first
inline constexpr std::size_t kOutlinePointsMax = 200;  ///< of one region
inline constexpr double kHeatmapPeakMin = 0.05;        ///< below it a heatmap shows nothing

/// in   a model's answer for one image, the package it came from, where the image lay in the input,
///      Patient Orientation of the image (empty when the header has none)
/// out  one Finding for each of the package's, in its order. Outlines are in image coordinates,
///      inside the image, do not cross themselves, have 3 to 200 points; at most 5 a finding, best
///      first; specks under 1/2000 of the heatmap are dropped unless there is nothing else. What is
///      present and has a heatmap keeps it as heat, of at most 64 x 64 cells
/// err  corrupt when there are not as many scores or heatmaps as findings
/// src  PS3.3 C.18.6.1.1 (coordinates), C.7.6.1.1.1 (orientation)
std::vector<Finding> interpret(const ModelOutput& output, const Package& package,
                               const Placement& placement,
                               const std::vector<std::string>& patient_orientation);

/// On which side of the patient an outline lies: the halves of the image are the halves of the
/// body, and "both" is one that has 15 % of its area in each.
///   in   an outline, the columns of the image, Patient Orientation. Without one the image shows
///   the
///        patient face to face, as frontal chest images do: the image's left is the patient's right
///   out  unknown when columns do not run between left and right (a lateral view)
///   err  none
///   src  PS3.3 C.7.6.1.1.1
Side side_of(const std::vector<Point>& outline, std::uint32_t image_columns,
             const std::vector<std::string>& patient_orientation);

}  // namespace bucky::inference
