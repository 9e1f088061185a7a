// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/lesions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

/// 0 in the middle of a blob, 1 on its outline, larger outside.
double reach(const Planted& lesion, Place p) {
    const double dx = p.x - lesion.centre.x;
    const double dy = p.y - lesion.centre.y;
    const double away = std::hypot(dx, dy);
    const double turn = std::atan2(dy, dx) / (2 * std::numbers::pi);
    const auto count = lesion.radii.size();
    const double place = (turn < 0 ? turn + 1 : turn) * static_cast<double>(count);
    const auto i = static_cast<std::size_t>(place) % count;
    const double t = place - std::floor(place);
    const double radius = lesion.radii[i] * (1 - t) + lesion.radii[(i + 1) % count] * t;
    return away / std::max(radius, 0.1);
}

/// Calls `paint(place, column, row)` for every pixel near the outline.
template <typename Paint>
void each_pixel(const Planted& lesion, const View& view, const Paint& paint) {
    const Rectangle box = bounds_of(view, lesion.outline, 8 / view.spacing_mm);
    for (int row = box.top; row < box.bottom; ++row) {
        for (int column = box.left; column < box.right; ++column) {
            paint(view.to_patient(column + 0.5, row + 0.5), column, row);
        }
    }
}

void draw_nodule(const Planted& lesion, Layer& extra) {
    Random random{lesion.seed, "nodule"};
    double radius = 0;
    for (const double r : lesion.radii) radius += r / static_cast<double>(lesion.radii.size());
    const double depth = 2.1 * radius * random.uniform(0.9, 1.3) + 7;
    const double soft = random.uniform(0.08, 0.2);
    each_pixel(lesion, extra.view(), [&](Place p, int column, int row) {
        const double r = reach(lesion, p);
        if (r > 1 + soft) return;
        const double ball = std::sqrt(std::max(0.0, 1 - r * r * 0.86));
        extra.at(column, row) +=
            static_cast<float>(depth * ball * smooth_step(1 + soft, 1 - soft, r));
    });
}

struct Blob {
    Place centre;
    double radius_mm;
    double wall_mm;  // of a cavity; 0: solid
};

/// A random place in the lesion, at most the share `most` of the way to its outline.
Place place_within(const Planted& lesion, Random& random, double most) {
    const double angle = random.uniform(0, 2 * std::numbers::pi);
    const auto i = static_cast<std::size_t>(angle / (2 * std::numbers::pi) *
                                            static_cast<double>(lesion.radii.size()));
    const double away = lesion.radii[i] * most * std::sqrt(random.uniform(0, 1));
    return {lesion.centre.x + away * std::cos(angle), lesion.centre.y + away * std::sin(angle)};
}

void draw_tuberculosis(const Planted& lesion, Layer& extra, Layer& kept) {
    Random random{lesion.seed, "tuberculosis"};
    const double base = random.uniform(13, 22);
    const double least = *std::min_element(lesion.radii.begin(), lesion.radii.end());
    std::vector<Blob> blobs;
    const int cavities = random.chance(0.3) ? 2 : 1;
    for (int i = 0; i < cavities; ++i) {
        const double radius = random.uniform(7.5, 13);
        blobs.push_back({place_within(lesion, random, least > 20 ? 0.5 : 0.3), radius,
                         random.uniform(2.4, 4.2)});
    }
    for (int i = random.integer(6, 12); i > 0; --i) {
        blobs.push_back({place_within(lesion, random, 0.85), random.uniform(3, 7.5), 0});
    }
    const double wall = random.uniform(18, 28);
    each_pixel(lesion, extra.view(), [&](Place p, int column, int row) {
        const double fall = smooth_step(1.08, 0.7, reach(lesion, p));
        if (fall <= 0) return;
        double sum = base * (0.75 + 0.45 * value_noise(lesion.seed, p, 8) +
                             0.25 * value_noise(lesion.seed + 1, p, 3.5));
        double spots = 0;
        double hollow = 0;
        for (const Blob& blob : blobs) {
            const double away = distance(p, blob.centre);
            if (away > blob.radius_mm + 5) continue;
            if (blob.wall_mm <= 0) {
                const double q = away / blob.radius_mm;
                if (q < 1) spots = std::max(spots, 18 * std::sqrt(1 - q * q));
                continue;
            }
            const double edge = (away - blob.radius_mm) / blob.wall_mm;
            spots = std::max(spots, wall * std::exp(-edge * edge));
            hollow = std::max(hollow, smooth_step(blob.radius_mm, blob.radius_mm - 4, away));
        }
        sum = (sum + spots) * (1 - hollow) - 5 * hollow;
        extra.at(column, row) += static_cast<float>(fall * sum);
        kept.at(column, row) *= static_cast<float>(1 - fall * (0.25 + 0.6 * hollow));
    });
}

void draw_pneumonia(const Planted& lesion, const Anatomy& anatomy, Layer& extra, Layer& kept) {
    Random random{lesion.seed, "pneumonia"};
    const double base = random.uniform(27, 48);
    const double soft = random.uniform(0.18, 0.34);
    Layer bronchi{extra.view()};
    for (int i = random.integer(1, 4); i > 0; --i) {  // air-filled bronchi stay dark
        const Place from = place_within(lesion, random, 0.4);
        const Place hilum = Anatomy::place_of(lesion.side, 28, 0);
        const double heading = std::atan2(from.y - hilum.y, from.x - hilum.x);
        Place at = from;
        for (int k = 0; k < 4; ++k) {
            const double turn = heading + random.uniform(-0.4, 0.4);
            const Place to{at.x + 7 * std::cos(turn), at.y + 7 * std::sin(turn)};
            bronchi.piece(at, to, 1.6 - 0.2 * k, 11, Profile::vessel);
            at = to;
        }
    }
    each_pixel(lesion, extra.view(), [&](Place p, int column, int row) {
        const double ragged =
            0.16 * value_noise(lesion.seed, p, 12) + 0.10 * value_noise(lesion.seed + 1, p, 5);
        const double fall = smooth_step(1.04 + soft * 0.3, 1 - soft, reach(lesion, p) + ragged);
        // The consolidation is not thicker than the lung that it fills.
        const double air = anatomy.visible_air_mm(lesion.side, p);
        const double room = smooth_step(0, 40, air);
        if (fall * room <= 0) return;
        const double patchy = 0.85 + 0.28 * value_noise(lesion.seed + 2, p, 16);
        const double sum = base * patchy - bronchi.at(column, row);
        extra.at(column, row) += static_cast<float>(fall * room * sum);
        kept.at(column, row) *= static_cast<float>(1 - 0.75 * fall);
    });
}

void draw_pneumothorax(const Planted& lesion, const Anatomy& anatomy, Layer& extra, Layer& kept) {
    Random random{lesion.seed, "pneumothorax"};
    const double dark = random.uniform(0.16, 0.26);
    each_pixel(lesion, extra.view(), [&](Place p, int column, int row) {
        const double air = anatomy.visible_air_mm(lesion.side, p);
        if (air <= 0 || !contains(lesion.outline, p)) return;
        extra.at(column, row) -= static_cast<float>(dark * air + 5 * smooth_step(0, 25, air));
        kept.at(column, row) = 0;
    });
    Layer line{extra.view()};
    const double strength = random.uniform(9, 15);
    line.stroke(lesion.inner_line, 1.3, 1.0, strength, Profile::line);
    line.flush_into(extra);
}

}  // namespace

void draw_lesion(const Planted& lesion, const Anatomy& anatomy, Layer& extra, Layer& kept) {
    switch (lesion.finding) {
        case Finding::nodule: return draw_nodule(lesion, extra);
        case Finding::tuberculosis: return draw_tuberculosis(lesion, extra, kept);
        case Finding::pneumothorax: return draw_pneumothorax(lesion, anatomy, extra, kept);
        case Finding::pneumonia: return draw_pneumonia(lesion, anatomy, extra, kept);
    }
}

}  // namespace bucky::phantom
