// SPDX-License-Identifier: Apache-2.0
// The chest of one simulated patient as smooth functions of millimetres: the position of skin,
// lungs, heart and diaphragm, and the tissue that the beam crosses at each place.
//
// The coordinate u of a Side grows from the midline towards the arm of that side, so one
// description serves both lungs. Thickness is in millimetres of water. Constant after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/phantom/canvas.h"
#include "tools/phantom/draw.h"

namespace bucky::phantom {

constexpr double kApexY = -126;  // top of the lungs, without variation

/// A smooth curve through given points, tabulated once; constant beyond its ends.
class Curve {
public:
    struct Knot {
        double at;
        double value;
    };
    Curve() = default;
    explicit Curve(const std::vector<Knot>& knots);
    double operator()(double at) const;

private:
    static constexpr double kStepMm = 0.5;
    double first_ = 0;
    std::vector<float> table_;
};

class Ellipse {
public:
    Ellipse(Place centre, double half_width, double half_height, double tilt_deg);

    /// 0 in the middle, 1 on the rim; squared, because most places are outside and need no root.
    double squared_radius_at(Place p) const {
        const double dx = p.x - centre_.x;
        const double dy = p.y - centre_.y;
        const double a = ax_ * dx + ay_ * dy;
        const double b = bx_ * dx + by_ * dy;
        return a * a + b * b;
    }
    Place centre() const { return centre_; }
    double half_height() const { return half_height_; }
    double shorter() const { return shorter_; }

private:
    Place centre_;
    double half_height_;
    double shorter_;
    double ax_, ay_, bx_, by_;
};

class Anatomy {
public:
    explicit Anatomy(std::uint64_t seed);

    static double u_of(Side side, double x) { return side == Side::right ? -x : x; }
    static Place place_of(Side side, double u, double y) {
        return {side == Side::right ? -u : u, y};
    }

    double apex_y() const { return apex_y_; }
    double lateral(Side side, double y) const;  // u of the outer lung border
    double medial(Side side, double y) const;   // u of the inner lung border
    double dome(Side side, double u) const;     // y of the diaphragm

    /// Air of the lung along the beam, without the volume of the heart.
    double lung_air_mm(Side side, Place p) const;

    /// Distance to the border of the clearly visible lung, which is not behind the heart, the great
    /// vessels or the diaphragm. Negative outside.
    double clear_lung_mm(Side side, Place p) const;

    /// All tissue except lung markings and bones, where the lungs hold `air_mm` of air.
    double soft_tissue_mm(Place p, double air_mm) const;

    /// Air of the lungs at a place, only in front of and behind the heart.
    double visible_air_mm(Side side, Place p) const;

    bool inside_body(Place p) const;
    bool female() const { return female_; }
    std::uint64_t seed() const { return seed_; }

private:
    struct Lung {
        Curve lateral;
        Curve medial;
        Curve dome;
        double deepest_mm = 130;
    };
    const Lung& lung(Side side) const { return side == Side::right ? right_ : left_; }
    void shape_lungs();
    void shape_heart();
    void shape_body();
    double heart_mm(Place p) const;
    double breast_mm(Place p) const;
    double spine_mm(Place p) const;

    std::uint64_t seed_;
    double apex_y_ = kApexY;
    double chest_width_ = 1;
    double thickness_ = 1;
    bool female_ = false;
    Lung right_;
    Lung left_;
    Curve half_body_;
    Curve depth_;
    struct Organ {
        Ellipse shape;
        double depth_mm;
    };
    std::vector<Organ> heart_;  // replaces lung, adds tissue
    std::vector<Organ> gas_;    // stomach and bowel
    std::vector<Organ> breasts_;
};

}  // namespace bucky::phantom
