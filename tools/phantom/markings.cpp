// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/markings.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

// More than the 2 of a tube of water: in real lungs every vessel shows with its wall and the
// bronchus beside it, and a reader expects them.
constexpr double kVessel = 3.9;
constexpr double kRightAngle = std::numbers::pi / 2;

struct Ribs {
    double first_y;
    double gap;
    double slope;  // how steeply the ribs fall towards the side
    double radius;
    double strength;  // mm of water more than the tissue that the bone replaces
};

void draw_rib(const Anatomy& anatomy, Side side, const Ribs& ribs, int number, Layer& scratch,
              Layer& tissue) {
    Random random{anatomy.seed() * 64 + static_cast<std::uint64_t>(number), "rib"};
    const double y = ribs.first_y + ribs.gap * number + random.uniform(-1.2, 1.2);
    const double fall = ribs.slope * (22 + 2.6 * number);
    const double wall = anatomy.lateral(side, y + fall) + 4;
    const double radius = ribs.radius * (number == 0 ? 0.85 : 1);
    const auto at = [&](double u, double v) { return Anatomy::place_of(side, u, v); };

    const auto back =
        bezier(at(17, y), at(0.45 * wall, y - 13), at(wall * 0.93, y - 6), at(wall, y + fall), 30);
    scratch.stroke(back, radius * 0.92, radius * 1.05, ribs.strength, Profile::bone);
    scratch.flush_into(tissue);

    if (number > 7) return;
    const double end_u = 56 + 4.5 * number + random.uniform(-4, 4);
    const double end_y = y + fall + 42 + 3.0 * number;
    const auto front = bezier(at(wall, y + fall), at(wall + 1, y + fall + 17),
                              at(wall * 0.74, end_y - 6), at(end_u, end_y), 30);
    scratch.stroke(front, radius * 1.05, radius * 1.2, ribs.strength * 0.62, Profile::bone);
    scratch.flush_into(tissue);
}

void draw_shoulder(const Anatomy& anatomy, Side side, Layer& scratch, Layer& tissue) {
    Random random{anatomy.seed() * 2 + (side == Side::left ? 1U : 0U), "shoulder"};
    const auto at = [&](double u, double v) { return Anatomy::place_of(side, u, v); };
    const double y = anatomy.apex_y() + random.uniform(17, 27);
    const double end_y = y - random.uniform(6, 22);
    const auto clavicle =
        bezier(at(20, y + 2), at(62, y + 8), at(92, end_y - 8), at(152, end_y + 4), 30);
    scratch.stroke(clavicle, 6.8, 5.6, random.uniform(13, 18), Profile::bone);
    scratch.flush_into(tissue);

    const double out = random.uniform(0, 24);  // arms turned inwards move the blades off the lungs
    const auto blade = bezier(at(112 + out, y - 4), at(104 + out, y + 40), at(116 + out, y + 90),
                              at(136 + out, y + 128), 24);
    scratch.stroke(blade, 3.0, 3.4, 5.5, Profile::vessel);
    scratch.flush_into(tissue);
    for (int i = 0; i < 5; ++i) {  // the flat part of the blade, fading outwards
        const auto flat = bezier(at(122 + out + i * 8, y), at(118 + out + i * 8, y + 40),
                                 at(126 + out + i * 6, y + 80), at(140 + out + i * 3, y + 118), 10);
        scratch.stroke(flat, 10, 8, 2.2, Profile::vessel);
        scratch.flush_into(tissue);
    }
    const auto spine = bezier(at(116 + out, y + 12), at(135 + out, y + 4), at(150 + out, y - 6),
                              at(172 + out, y - 16), 12);
    scratch.stroke(spine, 4, 6, 7, Profile::bone);
    scratch.flush_into(tissue);
    scratch.piece(at(180, y + 2), at(196, y + 60), 20, 20, Profile::bone);
    scratch.flush_into(tissue);
}

/// Grows one vessel and its branches until they are too thin to see or leave the lung.
class Tree {
public:
    Tree(const Anatomy& anatomy, Side side, Layer& layer)
        : anatomy_(anatomy),
          side_(side),
          layer_(layer),
          random_(anatomy.seed(), side == Side::right ? "right vessels" : "left vessels") {}

    void grow_all() {
        const auto at = [&](double u, double y) { return Anatomy::place_of(side_, u, y); };
        layer_.stroke({at(20, -14), at(28, -2), at(29, 10), at(30, 20)}, 8, 6, 15, Profile::vessel);
        const int trunks = random_.integer(8, 10);
        for (int i = 0; i < trunks; ++i) {
            const double share = (i + 0.5) / trunks;
            // From steeply up (-) to steeply down (+); 0 is sideways.
            const double heading = (-1.25 + 2.55 * share) + random_.uniform(-0.12, 0.12);
            const Place hilum = Anatomy::place_of(side_, 25 + random_.uniform(0, 8),
                                                  -14 + 34 * share + random_.uniform(-4, 4));
            const double radius = random_.uniform(3.3, 4.6) * (share > 0.45 ? 1.1 : 0.85);
            grow(hilum, heading, radius, 0);
        }
    }

private:
    void grow(Place from, double heading, double radius_mm, int depth) {
        const double lengths = random_.uniform(2.2, 4.2);
        const double bend = random_.uniform(-0.11, 0.11);
        const double end_radius = radius_mm * 0.86;
        const int pieces = static_cast<int>(std::ceil(lengths));
        for (int i = 0; i < pieces; ++i) {
            const double step = random_.uniform(5.0, 8.0);
            const double u = std::cos(heading) * step;
            const Place to{from.x + (side_ == Side::right ? -u : u),
                           from.y + std::sin(heading) * step};
            if (anatomy_.lung_air_mm(side_, to) < 22) return;
            const double t = static_cast<double>(i) / pieces;
            const double radius = radius_mm + (end_radius - radius_mm) * t;
            layer_.piece(from, to, radius, kVessel * radius, Profile::vessel);
            from = to;
            heading += bend + random_.uniform(-0.06, 0.06);
        }
        if (end_radius < 0.4 || depth > 9) return;
        const double spread = random_.uniform(0.25, 0.6);
        const double thin = random_.uniform(0.58, 0.74);
        grow(from, bounded(heading + spread * 0.45), end_radius * 0.88, depth + 1);
        grow(from, bounded(heading - spread), end_radius * thin, depth + 1);
    }

    /// Vessels spread from the hilum; none turns back to the midline.
    static double bounded(double heading) { return std::clamp(heading, -kRightAngle, kRightAngle); }

    const Anatomy& anatomy_;
    Side side_;
    Layer& layer_;
    Random random_;
};

}  // namespace

void draw_bones(const Anatomy& anatomy, Layer& tissue) {
    Random random{anatomy.seed(), "ribs"};
    const Ribs ribs{.first_y = anatomy.apex_y() + random.uniform(2, 8),
                    .gap = random.uniform(22, 25),
                    .slope = random.uniform(0.8, 1.25),
                    .radius = random.uniform(5.6, 6.8),
                    .strength = random.uniform(15, 23)};
    Layer scratch{tissue.view()};
    for (const Side side : {Side::right, Side::left}) {
        for (int number = 0; number < 10; ++number) {
            draw_rib(anatomy, side, ribs, number, scratch, tissue);
        }
        draw_shoulder(anatomy, side, scratch, tissue);
    }
}

void draw_vessels(const Anatomy& anatomy, Layer& vessels) {
    for (const Side side : {Side::right, Side::left}) {
        Tree{anatomy, side, vessels}.grow_all();
    }
}

double lung_grain(const Anatomy& anatomy, Place p) {
    return 1.5 * value_noise(anatomy.seed() ^ 0xA1, p, 5.5) +
           1.1 * value_noise(anatomy.seed() ^ 0xB2, p, 2.3);
}

}  // namespace bucky::phantom
