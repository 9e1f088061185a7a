// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/label_layout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace bucky::dicom_sr {
namespace {

using inference::Point;

struct Segment {
    Point from, to;
};

double cross(const Point& origin, const Point& a, const Point& b) {
    return (a.column - origin.column) * (b.row - origin.row) -
           (a.row - origin.row) * (b.column - origin.column);
}

bool intersect(const Segment& one, const Segment& other) {
    const auto sides = [](const Segment& line, const Segment& ends) {
        return cross(line.from, line.to, ends.from) * cross(line.from, line.to, ends.to);
    };
    return sides(one, other) < 0 && sides(other, one) < 0;
}

std::array<Point, 4> corners(const Rect& box) {
    return {Point{box.x, box.y}, Point{box.x + box.width, box.y},
            Point{box.x + box.width, box.y + box.height}, Point{box.x, box.y + box.height}};
}

bool inside(const Rect& box, const Point& point) {
    return point.column > box.x && point.column < box.x + box.width && point.row > box.y &&
           point.row < box.y + box.height;
}

bool inside(const Outline& outline, const Point& point) {  // even-odd rule
    bool within = false;
    for (std::size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
        const Point& a = outline[i];
        const Point& b = outline[j];
        if ((a.row > point.row) == (b.row > point.row)) continue;
        const double at = (b.column - a.column) * (point.row - a.row) / (b.row - a.row) + a.column;
        if (point.column < at) within = !within;
    }
    return within;
}

bool overlap(const Rect& box, const Segment& segment) {
    if (inside(box, segment.from) || inside(box, segment.to)) return true;
    const auto corner = corners(box);
    for (std::size_t i = 0; i < 4; ++i) {
        if (intersect({corner[i], corner[(i + 1) % 4]}, segment)) return true;
    }
    return false;
}

bool crosses(const Outline& outline, const Segment& segment) {
    if (inside(outline, segment.from) || inside(outline, segment.to)) return true;
    for (std::size_t i = 0; i < outline.size(); ++i) {
        if (intersect({outline[i], outline[(i + 1) % outline.size()]}, segment)) return true;
    }
    return false;
}

Rect bounds(const Outline& outline) {
    const auto [left, right] = std::ranges::minmax(outline, {}, &Point::column);
    const auto [top, bottom] = std::ranges::minmax(outline, {}, &Point::row);
    return {left.column, top.row, right.column - left.column, bottom.row - top.row};
}

Rect grown(const Rect& box, double by) {
    return {box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by};
}

/// The shortest way from a box to a corner of an outline.
Segment shortest(const Rect& box, const Outline& outline) {
    Segment best;
    double least = std::numeric_limits<double>::max();
    for (const Point& point : outline) {
        const Point near{std::clamp(point.column, box.x, box.x + box.width),
                         std::clamp(point.row, box.y, box.y + box.height)};
        const double distance = std::hypot(point.column - near.column, point.row - near.row);
        if (distance < least) {
            least = distance;
            best = {near, point};
        }
    }
    return best;
}

double length(const Segment& segment) {
    return std::hypot(segment.to.column - segment.from.column, segment.to.row - segment.from.row);
}

class Placer {
public:
    Placer(std::span<const Outline> outlines, const Extent& picture, double gap)
        : outlines_(outlines), picture_(picture), gap_(gap) {}

    std::optional<PlacedLabel> place(const Label& label) {
        std::optional<Candidate> best;
        for (const bool strict : {true, false}) {
            for (const Rect& box : beside(label)) consider(label, box, strict, best);
            if (!best) {
                for (const Rect& box : anywhere(label)) consider(label, box, strict, best);
            }
            if (best) break;
        }
        if (!best) return std::nullopt;
        boxes_.push_back(best->box);
        PlacedLabel placed{best->box, std::nullopt, best->way.from};
        if (length(best->way) > 2 * gap_) {
            placed.pointer = best->way.to;
            pointers_.push_back(best->way);
        }
        return placed;
    }

private:
    struct Candidate {
        Rect box;
        Segment way;
        double cost = 0;
    };

    std::vector<Rect> beside(const Label& label) const {
        const Rect around = grown(bounds(*label.outline), gap_);
        const auto [width, height] = label.size;
        std::vector<Rect> places;
        for (const double along : {0.5, 0.0, 1.0}) {
            const double y = around.y + along * (around.height - height);
            const double x = around.x + along * (around.width - width);
            places.push_back({x, around.y - height, width, height});
            places.push_back({x, around.y + around.height, width, height});
            places.push_back({around.x + around.width, y, width, height});
            places.push_back({around.x - width, y, width, height});
        }
        return places;
    }

    std::vector<Rect> anywhere(const Label& label) const {
        const auto [width, height] = label.size;
        std::vector<Rect> places;
        for (double y = gap_; y + height <= picture_.height - gap_; y += height / 2) {
            for (double x = gap_; x + width <= picture_.width - gap_; x += height) {
                places.push_back({x, y, width, height});
            }
        }
        return places;
    }

    void consider(const Label& label, const Rect& box, bool strict,
                  std::optional<Candidate>& best) const {
        const Segment way = shortest(box, *label.outline);
        const double cost = length(way);
        if (best && best->cost <= cost) return;
        if (is_free(box) && (!strict || is_free(way, *label.outline))) best = {box, way, cost};
    }

    bool is_free(const Rect& box) const {
        if (box.x < gap_ || box.y < gap_ || box.x + box.width > picture_.width - gap_ ||
            box.y + box.height > picture_.height - gap_) {
            return false;
        }
        const Rect with_air = grown(box, gap_ / 2);
        const auto hit = [&](const auto& thing) { return overlap(with_air, thing); };
        return std::ranges::none_of(outlines_, hit) && std::ranges::none_of(boxes_, hit) &&
               std::ranges::none_of(pointers_, hit);
    }

    /// Whether a pointer along `way` crosses no outline and no label.
    bool is_free(const Segment& way, const Outline& own) const {
        if (length(way) <= 2 * gap_) return true;
        const auto hit_box = [&](const Rect& box) { return overlap(box, way); };
        const auto hit_outline = [&](const Outline& outline) {
            return &outline != &own && crosses(outline, way);
        };
        return std::ranges::none_of(boxes_, hit_box) &&
               std::ranges::none_of(outlines_, hit_outline);
    }

    std::span<const Outline> outlines_;
    Extent picture_;
    double gap_;
    std::vector<Rect> boxes_;
    std::vector<Segment> pointers_;
};

}  // namespace

bool overlap(const Rect& box, const Rect& other) {
    return box.x < other.x + other.width && other.x < box.x + box.width &&
           box.y < other.y + other.height && other.y < box.y + box.height;
}

bool overlap(const Rect& box, const Outline& outline) {
    if (outline.empty() || !overlap(box, grown(bounds(outline), 1e-6))) return false;
    const auto corner = corners(box);
    for (const Point& point : corner) {
        if (inside(outline, point)) return true;
    }
    for (std::size_t i = 0; i < outline.size(); ++i) {
        if (overlap(box, Segment{outline[i], outline[(i + 1) % outline.size()]})) return true;
    }
    return false;
}

std::vector<std::optional<PlacedLabel>> place_labels(std::span<const Outline> outlines,
                                                     std::span<const Label> labels,
                                                     const Extent& picture, double gap) {
    Placer placer(outlines, picture, gap);
    std::vector<std::optional<PlacedLabel>> placed;
    for (const Label& label : labels) placed.push_back(placer.place(label));
    return placed;
}

}  // namespace bucky::dicom_sr
