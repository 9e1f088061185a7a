// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "tools/phantom/lesions.h"
#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

constexpr int kAngles = 72;
constexpr int kTries = 60;
constexpr double kInsideWallMm = 0.7;  // distance of a pneumothorax from the ribs

double angle_of(int i) {
    return 2 * std::numbers::pi * i / kAngles;
}

/// A requested blob-shaped lesion: its place, its size, the roughness of its outline.
struct Wish {
    Place centre;
    double radius_mm = 0;
    double stretch = 1;  // height over width
    double ragged = 0.1;
    double clear_mm = 2;       // distance to keep from the border of the lung
    double least_share = 0.8;  // share of the radius that must be left after clipping, on average
};

bool is_free(Place p, const std::vector<Planted>& others) {
    return std::none_of(others.begin(), others.end(),
                        [&](const Planted& other) { return contains(other.outline, p); });
}

/// The blob, clipped to the clearly visible lung and to the space between the other lesions.
std::optional<Planted> grow_blob(const Anatomy& anatomy, Side side, const Wish& wish,
                                 Random& random, const std::vector<Planted>& others) {
    std::array<double, 5> wave{};
    std::array<double, 5> phase{};
    for (std::size_t k = 0; k < wave.size(); ++k) {
        wave[k] = random.uniform(-1, 1) * wish.ragged / (1 + 0.5 * static_cast<double>(k));
        phase[k] = random.uniform(0, 2 * std::numbers::pi);
    }
    Planted blob;
    blob.side = side;
    blob.centre = wish.centre;
    double sum = 0;
    for (int i = 0; i < kAngles; ++i) {
        const double angle = angle_of(i);
        double share = 1;
        for (std::size_t k = 0; k < wave.size(); ++k) {
            share += wave[k] * std::cos(static_cast<double>(k + 2) * angle + phase[k]);
        }
        const double dx = std::cos(angle);
        const double dy = std::sin(angle) * wish.stretch;
        const double wanted = wish.radius_mm * std::max(share, 0.4);
        double radius = 0;
        while (radius < wanted) {
            const double next = std::min(radius + 1.0, wanted);
            const Place p{wish.centre.x + next * dx, wish.centre.y + next * dy};
            if (anatomy.clear_lung_mm(side, p) < wish.clear_mm || !is_free(p, others)) break;
            radius = next;
        }
        sum += radius / wanted;
        blob.radii.push_back(radius * std::hypot(dx, dy));
    }
    if (sum / kAngles < wish.least_share) return std::nullopt;

    // A blob with a straight cut at the border of the lung looks clipped; smoothing the radii
    // avoids it.
    for (int pass = 0; pass < 3; ++pass) {
        const std::vector<double> before = blob.radii;
        for (std::size_t i = 0; i < before.size(); ++i) {
            const double a = before[(i + before.size() - 1) % before.size()];
            const double b = before[(i + 1) % before.size()];
            blob.radii[i] = std::min(before[i], 0.25 * a + 0.5 * before[i] + 0.25 * b);
        }
    }
    for (int i = 0; i < kAngles; ++i) {
        const double dx = std::cos(angle_of(i));
        const double dy = std::sin(angle_of(i)) * wish.stretch;
        const double scale = blob.radii[static_cast<std::size_t>(i)] / std::hypot(dx, dy);
        blob.outline.push_back({wish.centre.x + dx * scale, wish.centre.y + dy * scale});
    }
    // draw_lesion looks up real angles, so the stretch is moved into the radii.
    std::vector<double> by_angle(kAngles);
    for (int i = 0; i < kAngles; ++i) {
        const double angle =
            std::atan2(std::sin(angle_of(i)), std::cos(angle_of(i)) * wish.stretch);
        const double turn = angle < 0 ? angle + 2 * std::numbers::pi : angle;
        const double place = turn / (2 * std::numbers::pi) * kAngles;
        const auto k = static_cast<std::size_t>(place) % kAngles;
        const double t = place - std::floor(place);
        by_angle[static_cast<std::size_t>(i)] =
            blob.radii[k] * (1 - t) + blob.radii[(k + 1) % kAngles] * t;
    }
    blob.radii = std::move(by_angle);
    return blob;
}

Wish wish_for(Finding finding, const Anatomy& anatomy, Side side, Random& random) {
    const double top = anatomy.apex_y();
    Wish wish;
    const auto at = [&](double u, double y) { wish.centre = Anatomy::place_of(side, u, y); };
    if (finding == Finding::nodule) {
        at(random.uniform(25, 132), random.uniform(top + 10, 105));
        wish.radius_mm = random.uniform(6, 10) * random.uniform(1, 1.65);
        wish.stretch = random.uniform(0.85, 1.18);
        wish.ragged = random.uniform(0.02, 0.1);
        wish.clear_mm = 1;
        wish.least_share = 0.97;
    } else if (finding == Finding::tuberculosis) {
        at(random.uniform(46, 96), random.uniform(top + 20, top + 62));
        wish.radius_mm = random.uniform(21, 38);
        wish.stretch = random.uniform(0.8, 1.15);
        wish.ragged = 0.22;
        wish.least_share = 0.78;
    } else {
        at(random.uniform(45, 118), random.uniform(-8, 84));
        wish.radius_mm = random.uniform(26, 50);
        wish.stretch = random.uniform(0.75, 1.2);
        wish.ragged = 0.24;
        wish.least_share = 0.75;
    }
    return wish;
}

/// Air between chest wall and collapsed lung: a cap over the apex that becomes thinner downwards.
Planted plan_pneumothorax(const Anatomy& anatomy, Side side, Random& random) {
    const double depth = random.uniform(16, 30) * random.uniform(1, 1.9);
    const double cap = depth * random.uniform(0.7, 1.1);
    const double top = anatomy.apex_y();
    const double start = top + cap;
    const double end = std::min(random.uniform(-35, 30) + depth * 1.2, 85.0);
    const double power = random.uniform(0.55, 1.0);
    const double u0 = anatomy.medial(side, start) + 3;
    const auto pleura = [&](double y) {
        const double t = std::clamp((y - start) / (end - start), 0.0, 1.0);
        const double outer = anatomy.lateral(side, y) - depth * std::pow(1 - t, power);
        const double round = std::clamp((y - start) / 30, 0.0, 1.0);
        const double u = u0 + (outer - u0) * std::sqrt(1 - (1 - round) * (1 - round));
        return std::min(u, anatomy.lateral(side, y) - kInsideWallMm);
    };
    Planted lesion;
    lesion.side = side;
    lesion.centre = Anatomy::place_of(side, 0, start);
    constexpr int kSteps = 60;
    for (int i = 0; i <= kSteps; ++i) {  // more points where the line bends over the apex
        const double t = std::pow(static_cast<double>(i) / kSteps, 1.7);
        const double y = start + (end - start) * t;
        lesion.inner_line.push_back(Anatomy::place_of(side, pleura(y), y));
    }
    for (int i = 0; i <= kSteps; ++i) {
        const double t = std::pow(static_cast<double>(i) / kSteps, 1.7);
        const double y = top + 0.5 + (end - top - 0.5) * t;
        const double u = anatomy.lateral(side, y) - kInsideWallMm;
        lesion.outline.push_back(Anatomy::place_of(side, u, y));
    }
    lesion.outline.insert(lesion.outline.end(), lesion.inner_line.rbegin(),
                          lesion.inner_line.rend());
    for (double y = start - 1; y > top + 1; y -= 1.5) {
        const double u = anatomy.medial(side, y) + kInsideWallMm;
        lesion.outline.push_back(Anatomy::place_of(side, u, y));
    }
    return lesion;
}

std::optional<Planted> plan_one(Finding finding, const Anatomy& anatomy, Random& random,
                                const std::vector<Planted>& others) {
    for (int i = 0; i < kTries; ++i) {
        const Side side = random.chance(0.5) ? Side::right : Side::left;
        if (finding == Finding::pneumothorax) {
            const bool taken = std::any_of(others.begin(), others.end(), [&](const Planted& other) {
                return other.finding == finding && other.side == side;
            });
            if (!taken) return plan_pneumothorax(anatomy, side, random);
            continue;
        }
        const Wish wish = wish_for(finding, anatomy, side, random);
        if (anatomy.clear_lung_mm(side, wish.centre) < wish.radius_mm * 0.35) continue;
        if (!is_free(wish.centre, others)) continue;
        if (auto blob = grow_blob(anatomy, side, wish, random, others)) return blob;
    }
    return std::nullopt;
}

}  // namespace

bool contains(const std::vector<Place>& polygon, Place p) {
    bool inside = false;
    for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
        const Place a = polygon[i];
        const Place b = polygon[j];
        if ((a.y > p.y) != (b.y > p.y) && p.x < (b.x - a.x) * (p.y - a.y) / (b.y - a.y) + a.x) {
            inside = !inside;
        }
    }
    return inside;
}

std::vector<Planted> plan(const Anatomy& anatomy, const Recipe& recipe) {
    // Large lesions come first, so that the small ones fit between them.
    constexpr std::array kOrder{Finding::pneumothorax, Finding::tuberculosis, Finding::pneumonia,
                                Finding::nodule};
    std::vector<Planted> planted;
    Random random{recipe.seed, "plan"};
    for (const Finding finding : kOrder) {
        for (const Finding wanted : recipe.lesions) {
            if (wanted != finding) continue;
            if (auto lesion = plan_one(finding, anatomy, random, planted)) {
                lesion->finding = finding;
                lesion->seed = random.next();
                planted.push_back(std::move(*lesion));
            }
        }
    }
    return planted;
}

}  // namespace bucky::phantom
