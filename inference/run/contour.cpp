// SPDX-License-Identifier: Apache-2.0
#include "inference/run/contour.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bucky::inference {
namespace {

constexpr int kNone = 0;

/// The area of each cell, from 1; kNone below the threshold and outside of the map.
class Labels {
public:
    Labels(const Heatmap& map, double threshold)
        : rows_(static_cast<int>(map.rows)),
          columns_(static_cast<int>(map.columns)),
          labels_(std::size_t{map.rows} * map.columns, kNone) {
        for (int r = 0; r < rows_; ++r) {
            for (int c = 0; c < columns_; ++c) {
                if (labels_[index(r, c)] == kNone && map.values[index(r, c)] >= threshold) {
                    fill(map, threshold, r, c);
                }
            }
        }
    }

    int at(int row, int column) const {
        const bool inside = row >= 0 && row < rows_ && column >= 0 && column < columns_;
        return inside ? labels_[index(row, column)] : kNone;
    }

    struct Start {
        int row, column;  ///< the topmost cell of the area; if several, the leftmost
        std::size_t cells;
        double peak;
    };
    const std::vector<Start>& starts() const { return starts_; }

private:
    std::size_t index(int row, int column) const {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns_) +
               static_cast<std::size_t>(column);
    }

    void fill(const Heatmap& map, double threshold, int row, int column) {
        Start start{row, column, 0, 0};
        const int label = static_cast<int>(starts_.size()) + 1;
        std::vector<std::array<int, 2>> open{{row, column}};
        labels_[index(row, column)] = label;
        while (!open.empty()) {
            const auto [r, c] = open.back();
            open.pop_back();
            ++start.cells;
            start.peak = std::max(start.peak, static_cast<double>(map.values[index(r, c)]));
            for (const auto& [dr, dc] : {std::array{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
                const int nr = r + dr;
                const int nc = c + dc;
                if (nr < 0 || nr >= rows_ || nc < 0 || nc >= columns_) continue;
                if (labels_[index(nr, nc)] != kNone || !(map.values[index(nr, nc)] >= threshold))
                    continue;
                labels_[index(nr, nc)] = label;
                open.push_back({nr, nc});
            }
        }
        starts_.push_back(start);
    }

    int rows_, columns_;
    std::vector<int> labels_;
    std::vector<Start> starts_;
};

/// A step from a cell of the area to a neighbour outside it: the outline crosses this step.
struct Crossing {
    int row, column;  ///< the inner cell
    int side;         ///< direction of the outer cell: 0 up, 1 right, 2 down, 3 left
    bool operator==(const Crossing&) const = default;
};

constexpr std::array<std::array<int, 2>, 4> kSteps{{{-1, 0}, {0, 1}, {1, 0}, {0, -1}}};

/// Follows the outline clockwise, with the area on the right-hand side.
Crossing next(const Labels& labels, int label, const Crossing& now) {
    const auto& ahead = kSteps[static_cast<std::size_t>((now.side + 1) % 4)];
    const auto& out = kSteps[static_cast<std::size_t>(now.side)];
    const int row = now.row + ahead[0];
    const int column = now.column + ahead[1];
    if (labels.at(row, column) != label) return {now.row, now.column, (now.side + 1) % 4};
    if (labels.at(row + out[0], column + out[1]) != label) return {row, column, now.side};
    return {row + out[0], column + out[1], (now.side + 3) % 4};
}

/// The point between the inner and the outer cell where the value falls to the threshold. It is
/// kept away from both centres, so that the outline of one area never touches itself there.
Point point_of(const Heatmap& map, double threshold, const Crossing& crossing) {
    const auto& out = kSteps[static_cast<std::size_t>(crossing.side)];
    const int row = crossing.row + out[0];
    const int column = crossing.column + out[1];
    const auto value = [&](int r, int c) -> double {
        const bool there =
            r >= 0 && r < static_cast<int>(map.rows) && c >= 0 && c < static_cast<int>(map.columns);
        return there ? map.values[static_cast<std::size_t>(r) * map.columns +
                                  static_cast<std::size_t>(c)]
                     : 0.0;
    };
    const double inner = value(crossing.row, crossing.column);
    const double outer = value(row, column);
    const double drop = inner - outer;
    const double fraction = std::clamp(drop > 0 ? (inner - threshold) / drop : 0.5, 0.05, 0.95);
    return {crossing.column + 0.5 + fraction * out[1], crossing.row + 0.5 + fraction * out[0]};
}

double distance_to_line(const Point& p, const Point& a, const Point& b) {
    const double dx = b.column - a.column;
    const double dy = b.row - a.row;
    const double length = std::hypot(dx, dy);
    if (length == 0) return std::hypot(p.column - a.column, p.row - a.row);
    const double along = std::clamp(
        ((p.column - a.column) * dx + (p.row - a.row) * dy) / (length * length), 0.0, 1.0);
    return std::hypot(p.column - a.column - along * dx, p.row - a.row - along * dy);
}

/// Marks the points of line[first..last] that must stay.
void keep_corners(const std::vector<Point>& line, std::size_t first, std::size_t last,
                  double tolerance, std::vector<bool>& keep) {
    std::vector<std::array<std::size_t, 2>> open{{first, last}};
    while (!open.empty()) {
        const auto [from, to] = open.back();
        open.pop_back();
        double farthest = tolerance;
        std::size_t at = from;
        for (std::size_t i = from + 1; i < to; ++i) {
            const double distance = distance_to_line(line[i], line[from], line[to]);
            if (distance > farthest) {
                farthest = distance;
                at = i;
            }
        }
        if (at == from) continue;
        keep[at] = true;
        open.push_back({from, at});
        open.push_back({at, to});
    }
}

std::vector<Point> thinned(const std::vector<Point>& outline, double tolerance) {
    // A closed line has no ends: cut it at its first point and at the point farthest from that.
    std::size_t opposite = 0;
    double farthest = 0;
    for (std::size_t i = 1; i < outline.size(); ++i) {
        const double distance =
            std::hypot(outline[i].column - outline[0].column, outline[i].row - outline[0].row);
        if (distance > farthest) {
            farthest = distance;
            opposite = i;
        }
    }
    std::vector<Point> line = outline;
    line.push_back(outline.front());
    std::vector<bool> keep(line.size(), false);
    keep[0] = keep[opposite] = true;
    keep_corners(line, 0, opposite, tolerance, keep);
    keep_corners(line, opposite, line.size() - 1, tolerance, keep);
    std::vector<Point> kept;
    for (std::size_t i = 0; i < outline.size(); ++i) {
        if (keep[i]) kept.push_back(outline[i]);
    }
    return kept;
}

double turn(const Point& a, const Point& b, const Point& c) {
    return (b.column - a.column) * (c.row - a.row) - (b.row - a.row) * (c.column - a.column);
}

bool on_segment(const Point& a, const Point& b, const Point& p) {
    return std::min(a.column, b.column) <= p.column && p.column <= std::max(a.column, b.column) &&
           std::min(a.row, b.row) <= p.row && p.row <= std::max(a.row, b.row);
}

bool segments_meet(const Point& a, const Point& b, const Point& c, const Point& d) {
    const double c_side = turn(a, b, c);
    const double d_side = turn(a, b, d);
    const double a_side = turn(c, d, a);
    const double b_side = turn(c, d, b);
    if (((c_side > 0) != (d_side > 0)) && ((a_side > 0) != (b_side > 0)) && c_side != 0 &&
        d_side != 0 && a_side != 0 && b_side != 0) {
        return true;
    }
    return (c_side == 0 && on_segment(a, b, c)) || (d_side == 0 && on_segment(a, b, d)) ||
           (a_side == 0 && on_segment(c, d, a)) || (b_side == 0 && on_segment(c, d, b));
}

double signed_area(const std::vector<Point>& polygon) {
    double twice = 0;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point& a = polygon[i];
        const Point& b = polygon[(i + 1) % polygon.size()];
        twice += a.column * b.row - b.column * a.row;
    }
    return twice / 2;
}

/// Andrew's monotone chain: the last resort, because a hull never crosses itself.
std::vector<Point> convex_hull(std::vector<Point> points) {
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
        return a.column != b.column ? a.column < b.column : a.row < b.row;
    });
    std::vector<Point> hull;
    for (int pass = 0; pass < 2; ++pass) {
        const std::size_t base = hull.size();
        for (const Point& p : points) {
            while (hull.size() >= base + 2 &&
                   turn(hull[hull.size() - 2], hull[hull.size() - 1], p) <= 0) {
                hull.pop_back();
            }
            hull.push_back(p);
        }
        hull.pop_back();
        std::reverse(points.begin(), points.end());
    }
    return hull;
}

}  // namespace

std::vector<Area> areas_above(const Heatmap& heatmap, double threshold) {
    const Labels labels(heatmap, threshold);
    std::vector<Area> areas;
    int label = 0;
    for (const Labels::Start& start : labels.starts()) {
        ++label;
        Area area{{}, start.cells, start.peak};
        const Crossing first{start.row, start.column, 0};
        Crossing now = first;
        do {
            area.outline.push_back(point_of(heatmap, threshold, now));
            now = next(labels, label, now);
        } while (!(now == first));
        areas.push_back(std::move(area));
    }
    return areas;
}

std::vector<Point> simplified(const std::vector<Point>& outline, double tolerance,
                              std::size_t points_max) {
    if (outline.size() <= 3) return outline;
    // First refine below `tolerance` until nothing crosses, because fewer points than the maximum
    // are allowed; then coarsen until there are few enough.
    double t = tolerance;
    for (; t > tolerance / 64; t /= 2) {
        const std::vector<Point> kept = thinned(outline, t);
        if (kept.size() > points_max) break;
        if (is_simple(kept)) return kept;
    }
    if (outline.size() <= points_max) return outline;
    for (std::vector<Point> kept = outline; kept.size() >= 3; t *= 2) {
        kept = thinned(outline, t);
        if (kept.size() <= points_max && is_simple(kept)) return kept;
    }
    std::vector<Point> hull = convex_hull(outline);
    for (t = tolerance; hull.size() > points_max; t *= 2) hull = thinned(hull, t);
    return hull;
}

bool is_simple(const std::vector<Point>& polygon) {
    const std::size_t n = polygon.size();
    if (n < 3) return false;
    for (std::size_t i = 0; i < n; ++i) {
        if (polygon[i] == polygon[(i + 1) % n]) return false;
        for (std::size_t j = i + 2; j < n; ++j) {
            if (i == 0 && j == n - 1) continue;  // neighbours across the end
            if (segments_meet(polygon[i], polygon[i + 1], polygon[j], polygon[(j + 1) % n])) {
                return false;
            }
        }
    }
    return signed_area(polygon) != 0;
}

double area_of(const std::vector<Point>& polygon) {
    return std::abs(signed_area(polygon));
}

double share_left_of(const std::vector<Point>& polygon, double column) {
    const double whole = area_of(polygon);
    if (whole == 0) return 0;
    // Columns beyond the line are moved onto it; their area becomes zero.
    std::vector<Point> left = polygon;
    std::vector<Point> cut;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const Point& a = left[i];
        const Point& b = left[(i + 1) % left.size()];
        cut.push_back({std::min(a.column, column), a.row});
        if ((a.column < column) != (b.column < column)) {
            const double t = (column - a.column) / (b.column - a.column);
            cut.push_back({column, a.row + t * (b.row - a.row)});
        }
    }
    return area_of(cut) / whole;
}

}  // namespace bucky::inference
