// SPDX-License-Identifier: Apache-2.0
#include "inference/run/interpret.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "conf/base/error.h"
#include "inference/package/thresholds.h"
#include "inference/run/contour.h"

namespace bucky::inference {
namespace {

/// Distance in heatmap cells that a simplified outline may have from the contour: not visible.
constexpr double kToleranceCells = 0.15;

/// A smaller share of the heatmap is a speck: one cell in 45 x 45.
constexpr double kSpeckShare = 1.0 / 2000;

void must_match(const ModelOutput& output, const Package& package) {
    const std::size_t asked = package.findings.size();
    const std::size_t cells = std::size_t{output.heatmap_rows} * output.heatmap_columns;
    if (output.scores.size() != asked) {
        throw Error(Fault::corrupt, "{} {} gave {} scores for {} findings", package.identity.name,
                    package.identity.version, output.scores.size(), asked);
    }
    if (package.has_heatmaps && (cells == 0 || output.heatmaps.size() != asked * cells)) {
        throw Error(Fault::corrupt, "{} {} gave no heatmap for each of its {} findings",
                    package.identity.name, package.identity.version, asked);
    }
}

/// The heatmap of one finding on the model's input. Values in the bars of the letterbox are
/// ignored.
class PlacedHeatmap {
public:
    PlacedHeatmap(const ModelOutput& output, std::size_t finding, const Placement& placement)
        : placement_(placement), map_{output.heatmap_rows, output.heatmap_columns, {}} {
        const std::size_t cells = std::size_t{map_.rows} * map_.columns;
        const auto from = output.heatmaps.begin() + static_cast<std::ptrdiff_t>(finding * cells);
        values_.assign(from, from + static_cast<std::ptrdiff_t>(cells));
        for (std::size_t i = 0; i < cells; ++i) {
            const Point centre = to_image({static_cast<double>(i % map_.columns) + 0.5,
                                           static_cast<double>(i / map_.columns) + 0.5});
            const bool on_image = centre.column >= 0 && centre.column <= placement.image_columns &&
                                  centre.row >= 0 && centre.row <= placement.image_rows;
            if (!on_image) values_[i] = 0;
        }
        map_.values = values_;
    }
    PlacedHeatmap(const PlacedHeatmap&) = delete;
    PlacedHeatmap& operator=(const PlacedHeatmap&) = delete;

    const Heatmap& map() const { return map_; }
    double peak() const { return *std::max_element(values_.begin(), values_.end()); }

    Point to_image(Point cell) const {
        return placement_.to_image({cell.column * placement_.input_columns / map_.columns,
                                    cell.row * placement_.input_rows / map_.rows});
    }

    /// The smaller side of a cell, in image pixels.
    double cell_pixels() const {
        const Point one = to_image({1, 1});
        const Point zero = to_image({0, 0});
        return std::min(one.column - zero.column, one.row - zero.row);
    }

private:
    Placement placement_;
    std::vector<float> values_;
    Heatmap map_;
};

/// A coarse heatmap of the image alone: each cell is the mean of the cells whose centre it
/// contains.
Heat heat_of(const PlacedHeatmap& heatmap, const Placement& placement) {
    const Heatmap& map = heatmap.map();
    const Point corner = heatmap.to_image({0, 0});
    const Point cell = heatmap.to_image({1, 1});
    const double across = placement.image_columns / (cell.column - corner.column);  // in cells
    const double down = placement.image_rows / (cell.row - corner.row);
    const double shrink = std::max(1.0, std::max(across, down) / kHeatSideMax);
    const auto cells = [&](double side) {
        return static_cast<std::uint32_t>(std::clamp(side / shrink, 1.0, double{kHeatSideMax}));
    };
    Heat heat{cells(down), cells(across), {}};
    std::vector<double> sums(std::size_t{heat.rows} * heat.columns), counts(sums.size());
    for (std::size_t i = 0; i < map.values.size(); ++i) {
        const Point centre = heatmap.to_image({static_cast<double>(i % map.columns) + 0.5,
                                               static_cast<double>(i / map.columns) + 0.5});
        const double column = centre.column * heat.columns / placement.image_columns;
        const double row = centre.row * heat.rows / placement.image_rows;
        if (column < 0 || row < 0 || column >= heat.columns || row >= heat.rows) continue;
        const auto at =
            static_cast<std::size_t>(row) * heat.columns + static_cast<std::size_t>(column);
        sums[at] += std::clamp(static_cast<double>(map.values[i]), 0.0, 1.0);
        counts[at] += 1;
    }
    heat.values.resize(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const double mean = counts[i] > 0 ? sums[i] / counts[i] : 0;
        heat.values[i] = static_cast<std::uint16_t>(std::lround(mean * 65535));
    }
    return heat;
}

std::vector<Point> outline_in_image(const Area& area, const PlacedHeatmap& heatmap,
                                    const Placement& placement) {
    std::vector<Point> outline;
    for (const Point& cell : area.outline) {
        Point p = heatmap.to_image(cell);
        p.column = std::clamp(p.column, 0.0, double{1} * placement.image_columns);
        p.row = std::clamp(p.row, 0.0, double{1} * placement.image_rows);
        if (outline.empty() || !(p == outline.back())) outline.push_back(p);
    }
    while (outline.size() > 1 && outline.front() == outline.back()) outline.pop_back();
    return simplified(outline, kToleranceCells * heatmap.cell_pixels(), kOutlinePointsMax);
}

std::vector<Region> regions_of(const PlacedHeatmap& heatmap, double threshold,
                               const Placement& placement,
                               const std::vector<std::string>& patient_orientation) {
    const double peak = heatmap.peak();
    if (peak < kHeatmapPeakMin) return {};
    std::vector<Area> areas = areas_above(heatmap.map(), peak >= threshold ? threshold : peak / 2);
    const auto better = [](const Area& a, const Area& b) {
        return std::tuple(a.peak, a.cells) > std::tuple(b.peak, b.cells);
    };
    std::stable_sort(areas.begin(), areas.end(), better);
    const double speck = kSpeckShare * heatmap.map().rows * heatmap.map().columns;
    const auto is_speck = [&](const Area& area) { return static_cast<double>(area.cells) < speck; };
    if (!std::all_of(areas.begin(), areas.end(), is_speck)) std::erase_if(areas, is_speck);

    std::vector<Region> regions;
    for (const Area& area : areas) {
        if (regions.size() == kRegionsMax) break;
        Region region;
        region.outline = outline_in_image(area, heatmap, placement);
        if (!is_simple(region.outline)) continue;  // no part of it is on the image
        region.score = std::min(area.peak, 1.0);
        region.side = side_of(region.outline, placement.image_columns, patient_orientation);
        regions.push_back(std::move(region));
    }
    return regions;
}

}  // namespace

Side side_of(const std::vector<Point>& outline, std::uint32_t image_columns,
             const std::vector<std::string>& patient_orientation) {
    const std::string towards = patient_orientation.empty() || patient_orientation.front().empty()
                                    ? "L"
                                    : patient_orientation.front();
    if (towards.front() != 'L' && towards.front() != 'R') return Side::unknown;
    const Side low_columns = towards.front() == 'L' ? Side::right : Side::left;
    const Side high_columns = towards.front() == 'L' ? Side::left : Side::right;

    constexpr double kSpans = 0.15;
    const double share = share_left_of(outline, image_columns / 2.0);
    if (share > 1 - kSpans) return low_columns;
    if (share < kSpans) return high_columns;
    return Side::both;
}

std::vector<Finding> interpret(const ModelOutput& output, const Package& package,
                               const Placement& placement,
                               const std::vector<std::string>& patient_orientation) {
    must_match(output, package);
    std::vector<Finding> findings;
    for (std::size_t k = 0; k < package.findings.size(); ++k) {
        const FindingSpec& spec = package.findings[k];
        Finding finding{.key = spec.key,
                        .code = spec.code,
                        .name = spec.name,
                        .name_ko = spec.name_ko,
                        .score = output.scores[k],
                        .threshold = spec.threshold,
                        .answer = Answer::absent,
                        .regions = {},
                        .heat = {},
                        .undetermined_from = spec.undetermined_from,
                        .is_suspicion = spec.is_suspicion,
                        .urgency = spec.urgency,
                        .site = spec.site,
                        .cad = spec.cad};
        finding.answer = answer_at(finding.score, spec.threshold, spec.undetermined_from);
        const bool outlined = finding.score >= std::min(spec.threshold, spec.outlined_from);
        if (outlined && spec.located && package.has_heatmaps) {
            const PlacedHeatmap heatmap(output, k, placement);
            finding.regions =
                regions_of(heatmap, spec.heatmap_threshold, placement, patient_orientation);
            finding.heat = heat_of(heatmap, placement);
        }
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace bucky::inference
