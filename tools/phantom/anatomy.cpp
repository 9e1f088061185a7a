// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/anatomy.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

/// Chord through a body with an elliptic cross-section: 0 at its edge, 1 from `t` = 1 inwards.
double rise(double t) {
    if (t <= 0) return 0;
    if (t >= 1) return 1;
    return std::sqrt(1 - (1 - t) * (1 - t));
}

}  // namespace

Curve::Curve(const std::vector<Knot>& knots) : first_(knots.front().at) {
    const double last = knots.back().at;
    std::size_t k = 0;
    for (double at = first_; at <= last; at += kStepMm) {
        while (k + 2 < knots.size() && at > knots[k + 1].at) ++k;
        // Catmull-Rom on uneven knots; the slopes at the ends are those of the end pieces.
        const Knot& a = knots[k];
        const Knot& b = knots[k + 1];
        const Knot& before = k > 0 ? knots[k - 1] : a;
        const Knot& after = k + 2 < knots.size() ? knots[k + 2] : b;
        const double span = b.at - a.at;
        const double slope_a = (b.value - before.value) / (b.at - before.at) * span;
        const double slope_b = (after.value - a.value) / (after.at - a.at) * span;
        const double t = (at - a.at) / span;
        const double t2 = t * t, t3 = t2 * t;
        table_.push_back(static_cast<float>((2 * t3 - 3 * t2 + 1) * a.value +
                                            (t3 - 2 * t2 + t) * slope_a +
                                            (3 * t2 - 2 * t3) * b.value + (t3 - t2) * slope_b));
    }
}

double Curve::operator()(double at) const {
    const double place = (at - first_) / kStepMm;
    if (place <= 0) return table_.front();
    const auto i = static_cast<std::size_t>(place);
    if (i + 1 >= table_.size()) return table_.back();
    const double t = place - static_cast<double>(i);
    return table_[i] * (1 - t) + table_[i + 1] * t;
}

Ellipse::Ellipse(Place centre, double half_width, double half_height, double tilt_deg)
    : centre_(centre), half_height_(half_height), shorter_(std::min(half_width, half_height)) {
    const double angle = tilt_deg * std::numbers::pi / 180;
    ax_ = std::cos(angle) / half_width;
    ay_ = std::sin(angle) / half_width;
    bx_ = -std::sin(angle) / half_height;
    by_ = std::cos(angle) / half_height;
}

Anatomy::Anatomy(std::uint64_t seed) : seed_(seed) {
    Random random{seed, "patient"};
    female_ = random.chance(0.45);
    thickness_ = random.uniform(0.86, 1.16);
    chest_width_ = random.uniform(0.92, 1.06);
    shape_lungs();
    shape_heart();
    shape_body();
}

void Anatomy::shape_lungs() {
    Random random{seed_, "lungs"};
    const double top = kApexY + random.uniform(-8, 8);
    const double lift = random.uniform(-16, 12);  // depth of inspiration
    apex_y_ = top;
    for (Side side : {Side::right, Side::left}) {
        Lung& lung = side == Side::right ? right_ : left_;
        const double w = chest_width_;
        const auto jitter = [&](double amount) { return random.uniform(-amount, amount); };
        lung.lateral = Curve{{{top, 49 * w},
                              {top + 3, 62 * w},
                              {top + 10, (76 + jitter(3)) * w},
                              {top + 26, (94 + jitter(3)) * w},
                              {-70, (110 + jitter(3)) * w},
                              {-30, (124 + jitter(3)) * w},
                              {15, (133 + jitter(3)) * w},
                              {60, (139 + jitter(3)) * w},
                              {105, (141 + jitter(2)) * w},
                              {140, 141 * w}}};
        const double hilum = random.uniform(15, 20);
        lung.medial = Curve{{{top, 48 * w},
                             {top + 3, 37},
                             {top + 10, 28},
                             {top + 26, 24 + jitter(2)},
                             {-60, 23 + jitter(2)},
                             {-15, hilum + 4},
                             {60, 20},
                             {140, 19}}};
        const double d = lift + (side == Side::left ? random.uniform(4, 13) : 0);
        const double flat = random.uniform(-6, 6);
        lung.dome = Curve{{{10, 82 + d},
                           {35, 74 + d - flat / 2},
                           {70, 70 + d - flat},
                           {96 * w, 79 + d},
                           {120 * w, 97 + d},
                           {134 * w, 117 + d},
                           {144 * w, 132 + d}}};
        lung.deepest_mm = random.uniform(118, 140) * thickness_;
    }
}

void Anatomy::shape_heart() {
    Random random{seed_, "heart"};
    const double size = random.uniform(0.88, 1.1);
    const double y = random.uniform(32, 44);
    const auto organ = [&](double x, double oy, double w, double h, double tilt, double depth) {
        heart_.push_back({Ellipse{{x, oy}, w, h, tilt}, depth});
    };
    organ(19 * size, y + 2, 64 * size, 45 * size, random.uniform(28, 42), 92);  // ventricles
    organ(-12, y - 4, 31 * size, 43 * size, 8, 80);                             // right atrium
    organ(20, -28 + random.uniform(-4, 4), 19, 21, 0, 48);                      // pulmonary trunk
    const double knob = random.uniform(14, 19);
    organ(18 + random.uniform(-1, 5), -62 + random.uniform(-7, 5), knob, knob * 1.1, 0, 46);
    organ(-13, -66, random.uniform(12, 17), 56, 0, 40);  // superior vena cava
    organ(4, -96, random.uniform(21, 27), 50, 0, 40);    // great vessels to the neck
    if (random.chance(0.75)) {                           // air in the stomach, under the left dome
        const double u = random.uniform(45, 85);
        const double w = random.uniform(14, 32);
        const double h = random.uniform(8, 19);
        const double tilt = random.uniform(-15, 15);
        gas_.push_back({Ellipse{{u, left_.dome(u) + 7 + h}, w, h, tilt}, random.uniform(35, 75)});
    }
    for (int i = random.integer(0, 4); i > 0; --i) {  // the colon
        const double x = random.uniform(-110, 120);
        const double y_gas = random.uniform(150, 190);
        const double w = random.uniform(10, 22);
        const double h = random.uniform(8, 15);
        gas_.push_back(
            {Ellipse{{x, y_gas}, w, h, random.uniform(-40, 40)}, random.uniform(15, 35)});
    }
    if (female_ && random.chance(0.85)) {
        const double size_mm = random.uniform(42, 66);
        const double low = random.uniform(40, 82);
        for (const double sign : {-1.0, 1.0}) {
            const double x = sign * random.uniform(76, 90);
            const double y_breast = low + random.uniform(-4, 4);
            const double depth = size_mm * random.uniform(0.5, 0.65);
            breasts_.push_back({Ellipse{{x, y_breast}, size_mm * 1.1, size_mm, 0}, depth});
        }
    }
}

void Anatomy::shape_body() {
    Random random{seed_, "body"};
    const double w = chest_width_;
    const double fat = random.uniform(-6, 22);
    half_body_ = Curve{{{-260, 62},
                        {-190, 66},
                        {-168, 84},
                        {-148, 140 * w},
                        {-128, 204 * w + fat},
                        {-95, 222 * w + fat},
                        {-55, 212 * w + fat},
                        {0, 188 * w + fat},
                        {60, 178 * w + fat},
                        {120, 174 * w + fat},
                        {260, 178 * w + fat * 1.4}}};
    const double t = thickness_;
    depth_ = Curve{{{-260, 112},
                    {-190, 112},
                    {-160, 122 * t},
                    {-125, 160 * t},
                    {-80, 188 * t},
                    {-20, 205 * t},
                    {60, 212 * t},
                    {130, 220 * t},
                    {260, 226 * t}}};
}

double Anatomy::lateral(Side side, double y) const {
    return lung(side).lateral(y);
}
double Anatomy::medial(Side side, double y) const {
    return lung(side).medial(y);
}
double Anatomy::dome(Side side, double u) const {
    return lung(side).dome(u);
}

double Anatomy::lung_air_mm(Side side, Place p) const {
    const Lung& l = lung(side);
    const double u = u_of(side, p.x);
    if (u < 8 || p.y < apex_y_) return 0;
    const double outer = rise((l.lateral(p.y) - u) / 52);
    const double inner = rise((u - l.medial(p.y)) / 26);
    const double edge = outer * inner * l.deepest_mm;
    const double below = l.dome(u) - p.y;
    // Behind the dome the lung reaches further down: the recess shows faintly through the liver.
    const double recess = 0.16 * rise((below + 34) / 34);
    return edge * std::max(rise(below / 9) * 0.84 + recess, recess);
}

double Anatomy::heart_mm(Place p) const {
    double most = 0;
    for (const Organ& organ : heart_) {
        const double r2 = organ.shape.squared_radius_at(p);
        if (r2 < 1) most = std::max(most, organ.depth_mm * std::sqrt(1 - r2));
    }
    return most;
}

double Anatomy::visible_air_mm(Side side, Place p) const {
    const double air = lung_air_mm(side, p);
    if (air <= 0) return 0;
    return std::max(0.0, air - heart_mm(p) * (air / lung(side).deepest_mm));
}

double Anatomy::clear_lung_mm(Side side, Place p) const {
    const Lung& l = lung(side);
    const double u = u_of(side, p.x);
    double clear =
        std::min({l.lateral(p.y) - u, u - l.medial(p.y), p.y - apex_y_, (l.dome(u) - p.y) * 0.85});
    for (const Organ& organ : heart_) {
        const double radius = std::sqrt(organ.shape.squared_radius_at(p));
        clear = std::min(clear, (radius - 1) * organ.shape.shorter());
    }
    return clear;
}

bool Anatomy::inside_body(Place p) const {
    return std::abs(p.x) < half_body_(p.y);
}

double Anatomy::breast_mm(Place p) const {
    double sum = 0;
    for (const Organ& organ : breasts_) {
        const double r2 = organ.shape.squared_radius_at(p);
        if (r2 >= 1) continue;
        // Sharp at the lower edge, fading upwards into the chest wall.
        const double fade =
            smooth_step(-1.0, 0.35, (p.y - organ.shape.centre().y) / organ.shape.half_height());
        sum += organ.depth_mm * std::pow(1 - r2, 0.6) * fade;
    }
    return sum;
}

double Anatomy::spine_mm(Place p) const {
    const double u = std::abs(p.x);
    if (u > 24) return 0;
    const double spacing = 22 + 3 * smooth_step(-120, 160, p.y);
    const double phase = p.y / spacing - std::floor(p.y / spacing);
    const double disc = smooth_step(0.16, 0.06, std::min(phase, 1 - phase));
    const double half = 15 + 2.5 * smooth_step(-120, 160, p.y) - 1.5 * (1 - disc);
    const double body = smooth_step(half + 2.5, half - 1, u) * (9.5 - 5 * disc);
    const double dy = (phase - 0.42) * spacing;
    const double pedicle = std::exp(-(std::pow((u - 11) / 2.6, 2) + std::pow(dy / 4.2, 2)));
    const double process = std::exp(-(std::pow(u / 2.4, 2) + std::pow((dy - 7) / 5, 2)));
    return body + 4.5 * pedicle + 5 * process;
}

double Anatomy::soft_tissue_mm(Place p, double air_mm) const {
    const double half = half_body_(p.y);
    const double t = std::abs(p.x) / half;
    if (t >= 1) return 0;
    double sum = depth_(p.y) * std::sqrt(1 - t * t * t * t) - air_mm + spine_mm(p);
    sum += 0.22 * heart_mm(p) + breast_mm(p);
    for (const Organ& organ : gas_) {
        const double r2 = organ.shape.squared_radius_at(p);
        if (r2 < 1) sum -= organ.depth_mm * std::sqrt(1 - r2);
    }
    // Trachea and main bronchi.
    if (p.y < -38) {
        const double u = std::abs(p.x + 1.5 * smooth_step(-150, -40, p.y));
        const double branch = std::max(0.0, p.y + 58);
        const double off = std::abs(u - branch * 0.55);
        const double radius = branch > 0 ? 6.5 : 8.5;
        if (off < radius)
            sum -= 15 * std::sqrt(1 - off * off / (radius * radius)) * smooth_step(-38, -46, p.y);
    }
    return std::max(sum, 8.0);
}

}  // namespace bucky::phantom
