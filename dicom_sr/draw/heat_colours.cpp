// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/heat_colours.h"

#include <algorithm>
#include <iterator>

#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {
namespace {

/// Violet, turquoise, red: no outline has them. Brighter with every step.
struct Ramp {
    Colour low, high;
};
constexpr Ramp kRamps[] = {{{0.35, 0.15, 0.90}, {0.75, 0.60, 1.00}},
                           {{0.00, 0.45, 0.45}, {0.40, 0.95, 0.90}},
                           {{0.70, 0.05, 0.15}, {1.00, 0.55, 0.55}}};

}  // namespace

Colour heat_colour(double value, std::size_t package) {
    const Ramp& ramp = kRamps[package % std::size(kRamps)];
    const double share = std::clamp((value - kHeatFrom) / (1 - kHeatFrom), 0.0, 1.0);
    const auto mix = [&](double Colour::*part) {
        return ramp.low.*part * (1 - share) + ramp.high.*part * share;
    };
    return {mix(&Colour::red), mix(&Colour::green), mix(&Colour::blue),
            value < kHeatFrom ? 0 : kHeatOpacity * (0.4 + 0.6 * share)};
}

inference::Heat strongest_heat(const inference::ImageResult& result) {
    inference::Heat strongest;
    for (const inference::Finding* finding : present(result)) {
        const inference::Heat& heat = finding->heat;
        if (heat.values.empty()) continue;
        if (strongest.values.empty()) strongest = heat;
        if (heat.rows != strongest.rows || heat.columns != strongest.columns) continue;
        for (std::size_t i = 0; i < heat.values.size(); ++i) {
            strongest.values[i] = std::max(strongest.values[i], heat.values[i]);
        }
    }
    return strongest;
}

std::vector<Colour> heat_colours(const inference::Heat& heat, std::size_t package) {
    std::vector<Colour> colours;
    colours.reserve(heat.values.size());
    for (const std::uint16_t value : heat.values) {
        colours.push_back(heat_colour(value / 65535.0, package));
    }
    return colours;
}

}  // namespace bucky::dicom_sr
