// SPDX-License-Identifier: Apache-2.0
// The grid of the radiograph, and the strokes drawn on it.
//
// A View converts millimetres of the patient to pixels of the grid. A Layer is a sheet of values
// where overlapping strokes keep the larger value, so that a branching vessel does not double where
// its pieces meet. A Layer knows the rectangle that was drawn on, so small strokes are cheap.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bucky::phantom {

/// Millimetres in the patient: x to the right of the image (left of the patient), y down, 0,0
/// between the hila.
struct Place {
    double x = 0;
    double y = 0;
};

inline double distance(Place a, Place b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

/// Hermite step from 0 (at `low`) to 1 (at `high`); `low` may be above `high`.
inline double smooth_step(double low, double high, double x) {
    const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
    return t * t * (3 - 2 * t);
}

/// Position of the patient in a grid. Pixel (0, 0) covers 0..1; its centre is at 0.5.
struct View {
    int width = 0;
    int height = 0;
    double spacing_mm = 1;
    double cosine = 1;
    double sine = 0;
    Place centre;  // the place at the centre of the grid

    Place to_patient(double column, double row) const {
        const double dx = (column - width * 0.5) * spacing_mm;
        const double dy = (row - height * 0.5) * spacing_mm;
        return {centre.x + cosine * dx + sine * dy, centre.y - sine * dx + cosine * dy};
    }
    Place to_grid(Place p) const {  // x = column, y = row
        const double dx = p.x - centre.x;
        const double dy = p.y - centre.y;
        return {(cosine * dx - sine * dy) / spacing_mm + width * 0.5,
                (sine * dx + cosine * dy) / spacing_mm + height * 0.5};
    }
};

struct Rectangle {  // pixels, right and bottom excluded
    int left = 0;
    int top = 0;
    int right = 0;
    int bottom = 0;
};

/// The pixels within `margin_px` of the points, clipped to the view.
Rectangle bounds_of(const View& view, const std::vector<Place>& points, double margin_px);

/// How the value of a stroke falls from its middle (0) to its edge (1).
enum class Profile { vessel, bone, line };

class Layer {
public:
    explicit Layer(const View& view)
        : view_(view),
          values_(static_cast<std::size_t>(view.width) * static_cast<std::size_t>(view.height)) {}

    const View& view() const { return view_; }
    float at(int column, int row) const { return values_[index(column, row)]; }
    float& at(int column, int row) { return values_[index(column, row)]; }
    std::vector<float>& values() { return values_; }
    const std::vector<float>& values() const { return values_; }

    /// One piece of a stroke. A stroke thinner than a pixel is drawn wider and fainter, so that a
    /// fine vessel fades at low resolution and does not become a dotted line.
    void piece(Place from, Place to, double radius_mm, double amount, Profile profile);

    /// A curve through the points, with the radius going from the first to the last.
    void stroke(const std::vector<Place>& points, double first_radius_mm, double last_radius_mm,
                double amount, Profile profile);

    /// Adds what was drawn to `other` (same view) and clears this layer.
    void flush_into(Layer& other);

private:
    std::size_t index(int column, int row) const {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(view_.width) +
               static_cast<std::size_t>(column);
    }

    View view_;
    std::vector<float> values_;
    Rectangle touched_{1 << 30, 1 << 30, 0, 0};
};

/// Smooth noise in -1..1 with features of `scale_mm`, the same at every resolution.
double value_noise(std::uint64_t seed, Place p, double scale_mm);

/// Points along the cubic Bezier curve a-b-c-d.
std::vector<Place> bezier(Place a, Place b, Place c, Place d, int pieces);

}  // namespace bucky::phantom
