// SPDX-License-Identifier: Apache-2.0
#include "inference/run/lung_field.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace bucky::inference {
namespace {

constexpr std::size_t kSide = 64;  ///< of the picture in which lungs are looked for
constexpr std::size_t kAcross = 17, kDown = 16;
constexpr double kApex = -0.1;        ///< of the lungs in the shape; their base is at 1
constexpr double kLikenessMin = 0.3;  ///< 0.4 to 0.7 in films
constexpr std::size_t kKept = 4;      ///< coarse places that are refined
constexpr double kSharpness = 1 / 0.015;

/// The picture as dense = large, each cell the mean of its part of the input.
using Sheet = std::array<double, kSide * kSide>;

Sheet sheet_of(const ModelInput& input, bool is_inverse) {
    Sheet sheet{};
    const auto edge = [](std::size_t cell, std::size_t side) { return cell * side / kSide; };
    for (std::size_t row = 0; row < kSide; ++row) {
        const std::size_t top = edge(row, input.rows);
        const std::size_t bottom = std::max(top + 1, edge(row + 1, input.rows));
        for (std::size_t column = 0; column < kSide; ++column) {
            const std::size_t left = edge(column, input.columns);
            const std::size_t right = std::max(left + 1, edge(column + 1, input.columns));
            double sum = 0;
            for (std::size_t r = top; r < bottom; ++r) {
                for (std::size_t c = left; c < right; ++c)
                    sum += input.values[r * input.columns + c];
            }
            const double mean = sum / static_cast<double>((bottom - top) * (right - left));
            sheet[row * kSide + column] = is_inverse ? -mean : mean;
        }
    }
    return sheet;
}

/// One point of the shape.
struct Mark {
    double dense = 0;   ///< what is expected: lungs below 0, what is around them above
    double weight = 0;  ///< 0: anything may be here, such as the air beside the neck
};

/// What is expected at u, -1 to 1 from the right lung's outer border to the left one's, and v, 0 to
/// 1 downwards. Left is the image's right: there the heart pushes the lung aside.
Mark mark_at(double u, double v) {
    const double aside = std::abs(u);
    const double away = std::clamp((0.45 - v) / 0.5, 0.0, 1.0);
    const double bow = std::sqrt(1 - away * away);  // of the upper half
    const double lateral = v < 0.45 ? 0.5 + 0.47 * bow : 0.97;
    const double heart = (u > 0 ? 0.9 : 0.45) * (v - 0.45);
    const double medial = v < 0.45 ? 0.5 - 0.3 * bow : 0.2 + heart;
    Mark mark{-0.8, 1};
    if (v <= 0 || v >= 1 || aside <= medial || aside >= lateral) {
        mark.dense = v > 1                       ? 1.1  // liver and stomach
                     : aside < medial && v > 0.3 ? 0.7  // heart and spine
                     : v > 0.75                  ? 0.8  // beside the bases
                                                 : 0.3;                  // chest wall, shoulders
    }
    const bool is_air = (v < 0 && aside > 0.7) || (aside > 1.05 && v < 0.15);
    if (is_air)
        mark.weight = 0;
    else if (aside > 1.1)
        mark.weight = 0.5;
    return mark;
}

/// The shape, scaled so that its weighted mean is 0 and its spread 1.
struct Shape {
    std::array<double, kAcross> u{};
    std::array<double, kDown> v{};
    std::array<Mark, kAcross * kDown> marks{};

    Shape() {
        double weight = 0, mean = 0, square = 0;
        for (double at = -1.25; double& one : u) one = std::exchange(at, at + 2.5 / (kAcross - 1));
        for (double at = -0.2; double& one : v) one = std::exchange(at, at + 1.45 / (kDown - 1));
        for (std::size_t at = 0; at < marks.size(); ++at) {
            marks.at(at) = mark_at(u.at(at % kAcross), v.at(at / kAcross));
            weight += marks.at(at).weight;
            mean += marks.at(at).weight * marks.at(at).dense;
        }
        mean /= weight;
        for (Mark& mark : marks) {
            mark.weight /= weight;
            mark.dense -= mean;
            square += mark.weight * mark.dense * mark.dense;
        }
        for (Mark& mark : marks) mark.dense /= std::sqrt(square);
    }
};

/// Where the shape is laid, in sides of the sheet.
struct Pose {
    double top = 0, height = 0, centre = 0, half_width = 0;
    double likeness = -1;
};

/// How far the pose is from that of a usual film, as a malus: in a white chest, gas below the
/// diaphragm is as like.
double oddity_of(const Pose& pose) {
    const auto squared = [](double value) { return value * value; };
    const double top = pose.top + kApex * pose.height, bottom = pose.top + pose.height;
    return 0.02 * (squared(((top + bottom) / 2 - 0.43) / 0.1) +
                   squared((bottom - top - 0.6) / 0.13) + squared((pose.centre - 0.5) / 0.08));
}

/// The correlation of the shape with what lies under it, at most 1. Beyond the edge the edge goes
/// on.
double likeness_of(const Sheet& sheet, const Shape& shape, const Pose& pose) {
    const auto cell = [](double at) {
        return static_cast<std::size_t>(std::clamp(at * kSide, 0.0, kSide - 1.0));
    };
    std::array<std::size_t, kAcross> columns{};
    for (std::size_t i = 0; i < kAcross; ++i) {
        columns[i] = cell(pose.centre + shape.u[i] * pose.half_width);
    }
    double sum = 0, square = 0, product = 0;
    for (std::size_t j = 0; j < kDown; ++j) {
        const double* const row = sheet.data() + cell(pose.top + shape.v[j] * pose.height) * kSide;
        const Mark* const marks = shape.marks.data() + j * kAcross;
        for (std::size_t i = 0; i < kAcross; ++i) {
            const double value = row[columns[i]], weighted = marks[i].weight * value;
            sum += weighted;
            square += weighted * value;
            product += weighted * marks[i].dense;
        }
    }
    const double spread = square - sum * sum;
    return spread > 1e-6 ? product / std::sqrt(spread) - oddity_of(pose) : 0;
}

std::vector<Pose> coarse_poses(const Sheet& sheet, const Shape& shape) {
    std::vector<Pose> poses;
    for (double height = 0.32; height < 0.92; height += 0.08) {
        for (const double width : {0.5, 0.62, 0.77}) {
            if (width * height > 0.54) continue;
            for (double top = -0.04; top < 1 - 0.85 * height; top += 0.05) {
                for (double centre = 0.38; centre < 0.63; centre += 0.06) {
                    Pose pose{top, height, centre, width * height};
                    pose.likeness = likeness_of(sheet, shape, pose);
                    poses.push_back(pose);
                }
            }
        }
    }
    const auto kept = poses.begin() + kKept;
    std::partial_sort(poses.begin(), kept, poses.end(), [](const Pose& one, const Pose& other) {
        return one.likeness > other.likeness;
    });
    poses.erase(kept, poses.end());
    return poses;
}

void refine(const Sheet& sheet, const Shape& shape, const Pose& coarse, std::vector<Pose>& poses) {
    for (const double taller : {-0.04, 0.0, 0.04}) {
        for (const double wider : {0.9, 1.0, 1.1}) {
            for (const double lower : {-0.025, 0.0, 0.025}) {
                for (const double aside : {-0.03, 0.0, 0.03}) {
                    const double height = coarse.height + taller;
                    Pose pose{coarse.top + lower, height, coarse.centre + aside,
                              coarse.half_width / coarse.height * wider * height};
                    pose.likeness = likeness_of(sheet, shape, pose);
                    poses.push_back(pose);
                }
            }
        }
    }
}

}  // namespace

std::optional<LungField> lung_field(const ModelInput& input, const InputSpec& spec,
                                    const Placement& placement) {
    const std::size_t needed = std::size_t{input.rows} * input.columns;
    if (spec.values != Values::display || needed == 0 || input.values.size() < needed) return {};
    static const Shape shape;
    const Sheet sheet = sheet_of(input, spec.range_high < spec.range_low);
    std::vector<Pose> poses;
    for (const Pose& coarse : coarse_poses(sheet, shape)) refine(sheet, shape, coarse, poses);
    const double best = std::ranges::max(poses, {}, &Pose::likeness).likeness;
    if (best < kLikenessMin) return {};
    // The poses that are nearly as like vote, too: a mean has less error than the best of a grid.
    double votes = 0, top = 0, bottom = 0;
    for (const Pose& pose : poses) {
        const double vote = std::exp((pose.likeness - best) * kSharpness);
        votes += vote;
        top += vote * (pose.top + kApex * pose.height);
        bottom += vote * (pose.top + pose.height);
    }
    const auto row_of = [&](double at) {
        const double row = placement.to_image({0, at / votes * input.rows}).row;
        return std::clamp(row, 0.0, double{1} * placement.image_rows);
    };
    const LungField field{row_of(top), row_of(bottom)};
    return field.bottom > field.top ? std::optional{field} : std::nullopt;
}

}  // namespace bucky::inference
