// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/resample.h"

#include <algorithm>
#include <cmath>

#include "conf/base/error.h"

namespace bucky::dicom_sr {
namespace {

/// The old samples, and their weights, that make each new sample: `count` for each, unused ones at
/// weight 0. One flat array, so that the loops below read memory in order.
struct Taps {
    std::size_t count = 1;
    std::vector<std::uint32_t> first;
    std::vector<float> weights;  ///< [new][count]
};

Taps taps(std::uint32_t from, std::uint32_t to) {
    const double step = static_cast<double>(from) / to;
    const double half = std::max(step, 1.0) / 2;  // of the box, or of the two bilinear neighbours
    Taps all;
    all.count = std::min<std::size_t>(static_cast<std::size_t>(std::ceil(2 * half)) + 1, from);
    all.first.resize(to);
    all.weights.resize(to * all.count);
    for (std::uint32_t i = 0; i < to; ++i) {
        const double centre = (i + 0.5) * step;
        const double low = std::max(centre - half, 0.0);
        const double high = std::min(centre + half, static_cast<double>(from));
        const auto needed = static_cast<std::uint32_t>(low);
        const auto start = std::min(needed, from - static_cast<std::uint32_t>(all.count));
        all.first[i] = start;
        for (auto old = needed; old < from && old < high; ++old) {
            const double covered = std::min(high, old + 1.0) - std::max<double>(low, old);
            all.weights[i * all.count + (old - start)] = static_cast<float>(covered / (high - low));
        }
    }
    return all;
}

/// One new row at the old width.
void add_rows(const std::uint8_t* from, std::size_t columns, const float* weights,
              std::size_t count, float* sums) {
    std::fill_n(sums, columns, 0.5F);  // rounds
    for (std::size_t k = 0; k < count; ++k) {
        const float weight = weights[k];
        if (weight == 0) continue;
        const std::uint8_t* row = from + k * columns;
        for (std::size_t c = 0; c < columns; ++c) sums[c] += weight * static_cast<float>(row[c]);
    }
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
    const Taps across = taps(view.columns, new_columns);
    const Taps down = taps(view.rows, new_rows);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(new_rows) * new_columns);
    std::vector<float> sums(columns);
    for (std::uint32_t row = 0; row < new_rows; ++row) {  // rows first: they are contiguous
        add_rows(view.pixels.data() + down.first[row] * columns, columns,
                 down.weights.data() + row * down.count, down.count, sums.data());
        std::uint8_t* to = out.data() + static_cast<std::size_t>(row) * new_columns;
        const float* weight = across.weights.data();
        for (std::uint32_t c = 0; c < new_columns; ++c) {
            const float* old = sums.data() + across.first[c];
            float sum = 0;
            for (std::size_t k = 0; k < across.count; ++k) sum += *weight++ * old[k];
            to[c] = static_cast<std::uint8_t>(std::clamp(sum, 0.0F, 255.0F));
        }
    }
    return out;
}

}  // namespace bucky::dicom_sr
