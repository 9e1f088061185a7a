// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/heat_colours.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {
namespace {

/// Stops of matplotlib's inferno (van der Walt and Smith, public domain). Its lightness rises
/// linearly.
constexpr std::array<Colour, 6> kStops{Colour{0.26, 0.04, 0.41}, Colour{0.48, 0.11, 0.43},
                                       Colour{0.74, 0.22, 0.33}, Colour{0.93, 0.41, 0.15},
                                       Colour{0.98, 0.65, 0.04}, Colour{0.96, 0.92, 0.50}};
constexpr double kClearBelow = 0.1;
constexpr double kFullFrom = 0.5;
constexpr double kOpacity = 0.4;  // the image below stays visible

}  // namespace

Colour heat_colour(double value) {
    const double at = std::clamp(value, 0.0, 1.0) * (kStops.size() - 1);
    const auto low = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
    const double share = at - static_cast<double>(low);
    const auto mix = [&](double Colour::*part) {
        return kStops[low].*part * (1 - share) + kStops[low + 1].*part * share;
    };
    const double alpha =
        kOpacity * std::clamp((value - kClearBelow) / (kFullFrom - kClearBelow), 0.0, 1.0);
    return {mix(&Colour::red), mix(&Colour::green), mix(&Colour::blue), alpha};
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

std::vector<Colour> heat_colours(const inference::Heat& heat) {
    std::vector<Colour> colours;
    colours.reserve(heat.values.size());
    for (const std::uint16_t value : heat.values) colours.push_back(heat_colour(value / 65535.0));
    return colours;
}

}  // namespace bucky::dicom_sr
