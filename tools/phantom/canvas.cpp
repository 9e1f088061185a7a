// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/canvas.h"

#include <array>
#include <cstdint>

#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

double value_at(Profile profile, double q) {
    const double chord = std::sqrt(std::max(0.0, 1 - q * q));
    switch (profile) {
        case Profile::vessel: return chord;
        case Profile::bone: {  // marrow in the middle, cortex at the edges
            const double cortex = std::exp(-std::pow((q - 0.80) / 0.17, 2));
            return (0.62 * chord + 0.38 * cortex) * smooth_step(1.0, 0.9, q);
        }
        case Profile::line: return smooth_step(1.0, 0.3, q);
    }
    __builtin_unreachable();
}

/// Profiles by squared distance, so that a stroke needs no root for each pixel.
class Profiles {
public:
    static constexpr int kSteps = 256;
    Profiles() {
        for (std::size_t p = 0; p < table_.size(); ++p) {
            for (int i = 0; i <= kSteps; ++i) {
                const double q = std::sqrt(static_cast<double>(i) / kSteps);
                table_[p][static_cast<std::size_t>(i)] =
                    static_cast<float>(value_at(static_cast<Profile>(p), q));
            }
        }
    }
    float at(Profile profile, double q_squared) const {
        return table_[static_cast<std::size_t>(profile)]
                     [static_cast<std::size_t>(q_squared * kSteps)];
    }

private:
    std::array<std::array<float, kSteps + 1>, 3> table_{};
};

const Profiles& profiles() {
    static const Profiles kProfiles;
    return kProfiles;
}

double lattice(std::uint64_t seed, std::int64_t i, std::int64_t j) {
    const auto a = static_cast<std::uint64_t>(i) * 0x8DA6B343ULL;
    const auto b = static_cast<std::uint64_t>(j) * 0xD8163841ULL;
    return static_cast<double>(mix(seed ^ (a << 20) ^ b) >> 11) * 0x1.0p-52 - 1;
}

}  // namespace

Rectangle bounds_of(const View& view, const std::vector<Place>& points, double margin_px) {
    double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
    for (const Place p : points) {
        const Place g = view.to_grid(p);
        left = std::min(left, g.x);
        right = std::max(right, g.x);
        top = std::min(top, g.y);
        bottom = std::max(bottom, g.y);
    }
    const auto cut = [](double value, int most) {
        return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(most)));
    };
    return {cut(left - margin_px, view.width), cut(top - margin_px, view.height),
            cut(right + margin_px + 1, view.width), cut(bottom + margin_px + 1, view.height)};
}

void Layer::piece(Place from, Place to, double radius_mm, double amount, Profile profile) {
    const double radius = radius_mm / view_.spacing_mm;
    const double drawn = std::max(radius, 0.9);
    const double strength = amount * (radius / drawn);
    const Rectangle box = bounds_of(view_, {from, to}, drawn);
    if (box.left >= box.right || box.top >= box.bottom) return;
    touched_ = {std::min(touched_.left, box.left), std::min(touched_.top, box.top),
                std::max(touched_.right, box.right), std::max(touched_.bottom, box.bottom)};

    const Place a = view_.to_grid(from);
    const Place b = view_.to_grid(to);
    const double dx = b.x - a.x;
    const double dy = b.y - a.y;
    const double inverse_length = 1 / std::max(dx * dx + dy * dy, 1e-9);
    const double inverse_radius = 1 / (drawn * drawn);
    const Profiles& table = profiles();
    for (int row = box.top; row < box.bottom; ++row) {
        const double py = row + 0.5 - a.y;
        float* out = &at(0, row);
        for (int column = box.left; column < box.right; ++column) {
            const double px = column + 0.5 - a.x;
            const double t = std::clamp((px * dx + py * dy) * inverse_length, 0.0, 1.0);
            const double ex = px - t * dx;
            const double ey = py - t * dy;
            const double q = (ex * ex + ey * ey) * inverse_radius;
            if (q >= 1) continue;
            const auto value = static_cast<float>(strength) * table.at(profile, q);
            out[column] = std::max(out[column], value);
        }
    }
}

void Layer::stroke(const std::vector<Place>& points, double first_radius_mm, double last_radius_mm,
                   double amount, Profile profile) {
    const auto pieces = static_cast<double>(points.size() - 1);
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
        const double t = static_cast<double>(i) / pieces;
        const double radius = first_radius_mm + (last_radius_mm - first_radius_mm) * t;
        piece(points[i], points[i + 1], radius, amount, profile);
    }
}

void Layer::flush_into(Layer& other) {
    for (int row = touched_.top; row < touched_.bottom; ++row) {
        for (int column = touched_.left; column < touched_.right; ++column) {
            other.at(column, row) += at(column, row);
            at(column, row) = 0;
        }
    }
    touched_ = {1 << 30, 1 << 30, 0, 0};
}

double value_noise(std::uint64_t seed, Place p, double scale_mm) {
    const double x = p.x / scale_mm;
    const double y = p.y / scale_mm;
    const double fx = std::floor(x);
    const double fy = std::floor(y);
    const auto i = static_cast<std::int64_t>(fx);
    const auto j = static_cast<std::int64_t>(fy);
    const double u = smooth_step(0, 1, x - fx);
    const double v = smooth_step(0, 1, y - fy);
    const double top = lattice(seed, i, j) * (1 - u) + lattice(seed, i + 1, j) * u;
    const double bottom = lattice(seed, i, j + 1) * (1 - u) + lattice(seed, i + 1, j + 1) * u;
    return top * (1 - v) + bottom * v;
}

std::vector<Place> bezier(Place a, Place b, Place c, Place d, int pieces) {
    std::vector<Place> points;
    points.reserve(static_cast<std::size_t>(pieces) + 1);
    for (int i = 0; i <= pieces; ++i) {
        const double t = static_cast<double>(i) / pieces;
        const double s = 1 - t;
        const double wa = s * s * s, wb = 3 * s * s * t, wc = 3 * s * t * t, wd = t * t * t;
        points.push_back(
            {wa * a.x + wb * b.x + wc * c.x + wd * d.x, wa * a.y + wb * b.y + wc * c.y + wd * d.y});
    }
    return points;
}

}  // namespace bucky::phantom
