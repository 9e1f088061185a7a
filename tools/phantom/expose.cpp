// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/expose.h"

#include <algorithm>
#include <cmath>

#include "tools/phantom/random.h"

namespace bucky::phantom {
namespace {

constexpr double kAttenuationPerMm = 0.0185;  // water at about 110 kV behind a grid
constexpr double kScatterReachMm = 45;
constexpr double kNoiseAtOneMm = 0.005;  // of the logarithmic signal, behind a lung

/// The display limits of the logarithmic signal.
struct Range {
    double black;
    double white;
};

/// A small map of the primary radiation, strongly blurred: the source of scatter.
class ScatterMap {
public:
    ScatterMap(const Layer& tissue) : view_(tissue.view()) {
        cell_ = std::max(1, static_cast<int>(std::lround(6 / view_.spacing_mm)));
        width_ = view_.width / cell_ + 1;
        height_ = view_.height / cell_ + 1;
        values_.assign(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_), 0);
        for (int y = 0; y < height_; ++y) {
            for (int x = 0; x < width_; ++x) at(x, y) = mean_of_cell(tissue, x, y);
        }
        const int reach = std::max(1, static_cast<int>(kScatterReachMm / 3 / 6));
        for (int pass = 0; pass < 3; ++pass) blur(reach);
    }

    float at_pixel(int column, int row) const {
        const float x =
            std::max(0.0F, (static_cast<float>(column) + 0.5F) / static_cast<float>(cell_) - 0.5F);
        const float y =
            std::max(0.0F, (static_cast<float>(row) + 0.5F) / static_cast<float>(cell_) - 0.5F);
        const int i = std::min(static_cast<int>(x), width_ - 2);
        const int j = std::min(static_cast<int>(y), height_ - 2);
        const float u = std::min(x - static_cast<float>(i), 1.0F);
        const float v = std::min(y - static_cast<float>(j), 1.0F);
        return (get(i, j) * (1 - u) + get(i + 1, j) * u) * (1 - v) +
               (get(i, j + 1) * (1 - u) + get(i + 1, j + 1) * u) * v;
    }

private:
    float& at(int x, int y) { return values_[static_cast<std::size_t>(y * width_ + x)]; }
    float get(int x, int y) const { return values_[static_cast<std::size_t>(y * width_ + x)]; }

    float mean_of_cell(const Layer& tissue, int x, int y) const {
        // Open air causes no scatter, however bright it is.
        const int row = std::min(y * cell_ + cell_ / 2, view_.height - 1);
        const int column = std::min(x * cell_ + cell_ / 2, view_.width - 1);
        const double mm = tissue.at(column, row);
        return mm < 20 ? 0.0F : static_cast<float>(std::exp(-kAttenuationPerMm * mm));
    }

    void blur(int reach) {
        const std::vector<float> before = values_;
        const auto mean = [&](const std::vector<float>& from, int x, int y, bool across) {
            float sum = 0;
            for (int k = -reach; k <= reach; ++k) {
                const int i = across ? std::clamp(x + k, 0, width_ - 1) : x;
                const int j = across ? y : std::clamp(y + k, 0, height_ - 1);
                sum += from[static_cast<std::size_t>(j * width_ + i)];
            }
            return sum / static_cast<float>(2 * reach + 1);
        };
        for (int y = 0; y < height_; ++y)
            for (int x = 0; x < width_; ++x) at(x, y) = mean(before, x, y, true);
        const std::vector<float> rows = values_;
        for (int y = 0; y < height_; ++y)
            for (int x = 0; x < width_; ++x) at(x, y) = mean(rows, x, y, false);
    }

    View view_;
    int cell_ = 1;
    int width_ = 0;
    int height_ = 0;
    std::vector<float> values_;
};

std::vector<float> log_signal(const Layer& tissue, double scatter) {
    const View& view = tissue.view();
    const ScatterMap map{tissue};
    std::vector<float> signal(tissue.values().size());
    std::size_t i = 0;
    for (int row = 0; row < view.height; ++row) {
        for (int column = 0; column < view.width; ++column, ++i) {
            const float primary =
                std::exp(static_cast<float>(-kAttenuationPerMm) * tissue.values()[i]);
            const float total = primary + static_cast<float>(scatter) * map.at_pixel(column, row);
            signal[i] = -std::log(total);
        }
    }
    return signal;
}

/// The range that automatic processing would choose: lungs dark, mediastinum just below white.
Range display_range(const std::vector<float>& signal, const View& view) {
    std::vector<float> chest;
    const int step = std::max(1, view.width / 200);
    for (int row = 0; row < view.height; row += step) {
        for (int column = 0; column < view.width; column += step) {
            const Place p = view.to_patient(column + 0.5, row + 0.5);
            if (std::abs(p.x) > 125 || p.y < -115 || p.y > 100) continue;
            chest.push_back(signal[static_cast<std::size_t>(row * view.width + column)]);
        }
    }
    std::sort(chest.begin(), chest.end());
    const auto part = [&](double share) {
        return static_cast<double>(
            chest[static_cast<std::size_t>(share * static_cast<double>(chest.size() - 1))]);
    };
    const double low = part(0.03);
    const double high = part(0.97);
    return {low - 0.24 * (high - low), high + 0.12 * (high - low)};
}

/// The curve of film: straight in the middle, never quite black or white at the ends.
float soften(float t) {
    if (t > 0.86F) return 0.86F + 0.14F * (1 - std::exp(-(t - 0.86F) / 0.14F));
    if (t < 0.10F) return 0.10F * std::exp((t - 0.10F) / 0.10F);
    return t;
}

void block_border(std::vector<float>& signal, const View& view, const Recipe& recipe, Range range) {
    Random random{recipe.seed, "collimator"};
    // Most consoles show the collimated border black; some leave it unexposed and thus white.
    const double span = range.white - range.black;
    const bool white = random.chance(0.25);
    const auto value =
        static_cast<float>(white ? range.white + 0.2 * span : range.black - 0.5 * span);
    const auto edge = [&](int size) { return static_cast<int>(random.uniform(0.0, 0.055) * size); };
    const int left = edge(view.width), right = view.width - edge(view.width);
    const int top = edge(view.height), bottom = view.height - edge(view.height);
    for (int row = 0; row < view.height; ++row) {
        for (int column = 0; column < view.width; ++column) {
            if (row >= top && row < bottom && column >= left && column < right) continue;
            signal[static_cast<std::size_t>(row * view.width + column)] = value;
        }
    }
}

/// A lead letter beside the shoulder: L at the patient's left, R at the right.
void stamp_marker(std::vector<float>& signal, const View& view, const Recipe& recipe, Range range) {
    Random random{recipe.seed, "marker"};
    const bool left = random.chance(0.5);
    const double size = random.uniform(8, 13);  // mm
    const double width = view.width * view.spacing_mm;
    const double x0 = left ? width * random.uniform(0.88, 0.92) : width * random.uniform(0.06, 0.1);
    const double y0 = view.height * view.spacing_mm * random.uniform(0.05, 0.12);
    Layer letter{View{.width = view.width,
                      .height = view.height,
                      .spacing_mm = view.spacing_mm,
                      .cosine = 1,
                      .sine = 0,
                      .centre = {width / 2, view.height * view.spacing_mm / 2}}};
    const auto line = [&](double ax, double ay, double bx, double by) {
        letter.piece({x0 + ax * size, y0 + ay * size}, {x0 + bx * size, y0 + by * size},
                     size * 0.09, 1, Profile::line);
    };
    line(0, 0, 0, 1.4);
    if (left) {
        line(0, 1.4, 0.8, 1.4);
    } else {
        line(0, 0, 0.7, 0.1);
        line(0.7, 0.1, 0.7, 0.6);
        line(0.7, 0.6, 0, 0.7);
        line(0.3, 0.7, 0.8, 1.4);
    }
    const auto lead = static_cast<float>(range.white + 0.3 * (range.white - range.black));
    for (std::size_t i = 0; i < signal.size(); ++i) {
        const float t = letter.values()[i];
        if (t > 0) signal[i] = signal[i] * (1 - t) + lead * t;
    }
}

/// One row of the working grid, sampled at the width of the recipe.
float sample(const std::vector<float>& signal, const View& view, float x, float y) {
    const float cx = std::clamp(x, 0.0F, static_cast<float>(view.width - 1));
    const float cy = std::clamp(y, 0.0F, static_cast<float>(view.height - 1));
    const int i = std::min(static_cast<int>(cx), view.width - 2);
    const int j = std::min(static_cast<int>(cy), view.height - 2);
    const float u = cx - static_cast<float>(i);
    const float v = cy - static_cast<float>(j);
    const float* at = &signal[static_cast<std::size_t>(j * view.width + i)];
    return (at[0] * (1 - u) + at[1] * u) * (1 - v) +
           (at[view.width] * (1 - u) + at[view.width + 1] * u) * v;
}

}  // namespace

std::vector<float> expose(const Layer& tissue, const Recipe& recipe) {
    const View& view = tissue.view();
    std::vector<float> signal = log_signal(tissue, recipe.scatter);
    const Range range = display_range(signal, view);
    if (recipe.collimated) block_border(signal, view, recipe, range);
    if (recipe.marker) stamp_marker(signal, view, recipe, range);

    const float zoom = static_cast<float>(view.width) / static_cast<float>(recipe.columns);
    const double spacing = view.spacing_mm * static_cast<double>(zoom);
    // Noise has the same strength in each square millimetre for every pixel size. It grows where
    // fewer quanta arrive. 2.2 is the usual signal behind a lung.
    const auto noise = static_cast<float>(kNoiseAtOneMm * recipe.noise / spacing);
    const auto slope = static_cast<float>(1 / (range.white - range.black));
    const auto contrast = static_cast<float>(recipe.contrast);
    const auto lift = static_cast<float>(recipe.brightness);
    const std::uint64_t noise_seed = mix(recipe.seed ^ 0x5EEDULL);

    std::vector<float> pixels(static_cast<std::size_t>(recipe.rows) *
                              static_cast<std::size_t>(recipe.columns));
    std::size_t i = 0;
    for (int row = 0; row < recipe.rows; ++row) {
        const float y = (static_cast<float>(row) + 0.5F) * zoom - 0.5F;
        for (int column = 0; column < recipe.columns; ++column, ++i) {
            const float x = (static_cast<float>(column) + 0.5F) * zoom - 0.5F;
            float s = sample(signal, view, x, y);
            s += noise * std::exp((std::min(s, 5.0F) - 2.2F) * 0.5F) * pixel_noise(noise_seed, i);
            const float t = (s - static_cast<float>(range.black)) * slope;
            pixels[i] = std::clamp(soften(0.5F + (t - 0.5F) * contrast + lift), 0.0F, 1.0F);
        }
    }
    return pixels;
}

}  // namespace bucky::phantom
