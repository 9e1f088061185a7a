// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/resample.h"

#include <algorithm>
#include <cmath>

#include "conf/base/error.h"

namespace bucky::dicom_sr {
namespace {

/// Which old samples make one new one, and with what weight.
struct Tap {
    std::uint32_t first = 0;
    std::vector<float> weights;
};

std::vector<Tap> taps(std::uint32_t from, std::uint32_t to) {
    const double step = static_cast<double>(from) / to;
    const double half = std::max(step, 1.0) / 2;  // of the box, or of the two bilinear neighbours
    std::vector<Tap> all(to);
    for (std::uint32_t i = 0; i < to; ++i) {
        const double centre = (i + 0.5) * step;
        const double low = std::max(centre - half, 0.0);
        const double high = std::min(centre + half, static_cast<double>(from));
        Tap& tap = all[i];
        tap.first = static_cast<std::uint32_t>(low);
        for (auto old = tap.first; old < from && old < high; ++old) {
            const double covered = std::min(high, old + 1.0) - std::max<double>(low, old);
            tap.weights.push_back(static_cast<float>(covered / (high - low)));
        }
    }
    return all;
}

}  // namespace

std::vector<std::uint8_t> resampled(const GreyView& view, std::uint32_t new_rows,
                                    std::uint32_t new_columns) {
    const std::size_t columns = view.columns;
    if (view.rows == 0 || columns == 0 || new_rows == 0 || new_columns == 0 ||
        view.pixels.size() < view.rows * columns) {
        throw Error(Fault::bug, "a picture of {} x {} cannot be drawn from {} pixels", view.rows,
                    view.columns, view.pixels.size());
    }
    const std::vector<Tap> across = taps(view.columns, new_columns);
    const std::vector<Tap> down = taps(view.rows, new_rows);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(new_rows) * new_columns);
    std::vector<float> column_sums(
        columns);  // one new row at the old width: rows first, as they lie
    for (std::uint32_t row = 0; row < new_rows; ++row) {
        std::ranges::fill(column_sums, 0.0F);
        const Tap& tap = down[row];
        for (std::size_t k = 0; k < tap.weights.size(); ++k) {
            const std::uint8_t* from = view.pixels.data() + (tap.first + k) * columns;
            const float weight = tap.weights[k];
            for (std::size_t c = 0; c < columns; ++c) {
                column_sums[c] += weight * static_cast<float>(from[c]);
            }
        }
        std::uint8_t* to = out.data() + static_cast<std::size_t>(row) * new_columns;
        for (std::uint32_t c = 0; c < new_columns; ++c) {
            float sum = 0.5F;
            for (std::size_t k = 0; k < across[c].weights.size(); ++k) {
                sum += across[c].weights[k] * column_sums[across[c].first + k];
            }
            to[c] = static_cast<std::uint8_t>(std::clamp(sum, 0.0F, 255.0F));
        }
    }
    return out;
}

}  // namespace bucky::dicom_sr
