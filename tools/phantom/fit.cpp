// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/fit.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bucky::phantom {
namespace {

struct Tap {
    int output;
    int source;
    float weight;
};

/// The source pixels of each output pixel with their weights, along one axis.
std::vector<Tap> taps_of(int source, int output) {
    std::vector<Tap> taps;
    const double step = static_cast<double>(source) / output;
    for (int i = 0; i < output; ++i) {
        const double from = i * step;
        const double to = std::min((i + 1) * step, static_cast<double>(source));
        for (int k = static_cast<int>(from); k < source && k < to; ++k) {
            const double covered = std::min<double>(k + 1, to) - std::max<double>(k, from);
            if (covered > 0) taps.push_back({i, k, static_cast<float>(covered / step)});
        }
    }
    return taps;
}

}  // namespace

std::vector<float> fit(const std::vector<float>& pixels, int rows, int columns, int side) {
    const double scale = static_cast<double>(side) / std::max(rows, columns);
    const int height = std::max(1, static_cast<int>(std::lround(rows * scale)));
    const int width = std::max(1, static_cast<int>(std::lround(columns * scale)));
    const auto at = [](int row, int column, int stride) {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(stride) +
               static_cast<std::size_t>(column);
    };

    std::vector<float> narrow(at(rows, 0, width));
    const std::vector<Tap> across = taps_of(columns, width);
    for (int row = 0; row < rows; ++row) {
        for (const Tap& tap : across) {
            narrow[at(row, tap.output, width)] += tap.weight * pixels[at(row, tap.source, columns)];
        }
    }
    std::vector<float> square(at(side, 0, side));
    const int left = (side - width) / 2;
    const int top = (side - height) / 2;
    for (const Tap& tap : taps_of(rows, height)) {
        for (int column = 0; column < width; ++column) {
            square[at(top + tap.output, left + column, side)] +=
                tap.weight * narrow[at(tap.source, column, width)];
        }
    }
    return square;
}

}  // namespace bucky::phantom
