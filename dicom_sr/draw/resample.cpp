// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/resample.h"

#include <algorithm>
#include <cmath>
#include <span>

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

/// The old rows that the next new ones need. A new row never needs one above those of the last.
class Window {
public:
    Window(const GreyRows& picture, std::size_t count)
        : picture_(picture), count_(count), levels_(count * picture.size.columns) {}

    /// Makes the rows up to before `end`.
    void move_to(std::size_t end) {
        for (; made_ < end; ++made_) {
            picture_.make(static_cast<std::uint32_t>(made_), levels_.data() + offset(made_));
        }
    }
    const std::uint8_t* row(std::size_t row) const { return levels_.data() + offset(row); }

private:
    std::size_t offset(std::size_t row) const { return row % count_ * picture_.size.columns; }

    const GreyRows& picture_;
    std::size_t count_, made_ = 0;
    std::vector<std::uint8_t> levels_;
};

void add_row(const std::uint8_t* row, std::size_t columns, float weight, float* sums) {
    for (std::size_t c = 0; c < columns; ++c) sums[c] += weight * static_cast<float>(row[c]);
}

/// A new row at the old width. Three old ones make nearly every row of a film that is halved; they
/// are added in one pass, in the same order.
void add_rows(const Window& window, std::size_t first, std::span<const float> weights,
              std::size_t columns, float* sums) {
    constexpr float kHalf = 0.5F;  // rounds
    if (weights.size() == 3) {
        const std::uint8_t *a = window.row(first), *b = window.row(first + 1),
                           *c = window.row(first + 2);
        const float x = weights[0], y = weights[1], z = weights[2];
        for (std::size_t i = 0; i < columns; ++i) {
            sums[i] = kHalf + x * static_cast<float>(a[i]) + y * static_cast<float>(b[i]) +
                      z * static_cast<float>(c[i]);
        }
        return;
    }
    std::fill_n(sums, columns, kHalf);
    for (std::size_t k = 0; k < weights.size(); ++k) {
        if (weights[k] != 0) add_row(window.row(first + k), columns, weights[k], sums);
    }
}

/// The new row: `count` weights for each pixel.
template <std::size_t count>
void squeeze(const Taps& across, std::span<const float> sums, std::span<std::uint8_t> to) {
    const std::size_t taps = count == 0 ? across.count : count;  // known to the compiler, or not
    const float* weight = across.weights.data();
    for (std::size_t c = 0; c < to.size(); ++c) {
        const float* old = sums.data() + across.first[c];
        float sum = 0;
        for (std::size_t k = 0; k < taps; ++k) sum += *weight++ * old[k];
        to[c] = static_cast<std::uint8_t>(std::clamp(sum, 0.0F, 255.0F));
    }
}

}  // namespace

double drawn_scale(double longer, std::uint32_t longer_side) {
    constexpr double kEnlargedMost = 2;
    return std::min(std::max(longer_side, 1U) / longer, kEnlargedMost);
}

Size drawn_size(std::uint32_t rows, std::uint32_t columns, double pixel_ratio,
                std::uint32_t longer_side) {
    const double height = rows * pixel_ratio;  // in columns
    const double scale = drawn_scale(std::max<double>(height, columns), longer_side);
    const auto pixels = [](double length) {
        return std::max(1U, static_cast<std::uint32_t>(std::lround(length)));
    };
    return {pixels(rows * (scale * pixel_ratio)), pixels(columns * scale)};
}

std::vector<std::uint8_t> resampled(const GreyRows& picture, std::uint32_t new_rows,
                                    std::uint32_t new_columns) {
    const auto [rows, columns] = picture.size;
    if (rows == 0 || columns == 0 || new_rows == 0 || new_columns == 0) {
        throw Error(Fault::bug, "a picture of {} x {} cannot be drawn as {} x {}", rows, columns,
                    new_rows, new_columns);
    }
    const Taps across = taps(columns, new_columns);
    const Taps down = taps(rows, new_rows);
    Window window(picture, down.count);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(new_rows) * new_columns);
    std::vector<float> sums(columns);
    for (std::uint32_t row = 0; row < new_rows; ++row) {  // rows first: they are contiguous
        const std::uint32_t first = down.first[row];
        window.move_to(first + down.count);
        add_rows(window, first, {down.weights.data() + row * down.count, down.count}, columns,
                 sums.data());
        const std::span to{out.data() + std::size_t{row} * new_columns, new_columns};
        across.count == 3 ? squeeze<3>(across, sums, to) : squeeze<0>(across, sums, to);
    }
    return out;
}

std::vector<std::uint8_t> resampled(const GreyView& view, std::uint32_t new_rows,
                                    std::uint32_t new_columns) {
    const auto size = view.size();
    const std::size_t columns = size.columns;
    if (view.pixels.size() < size.rows * columns) {
        throw Error(Fault::bug, "a picture of {} x {} has {} pixels", size.rows, size.columns,
                    view.pixels.size());
    }
    const auto copy = [&](std::uint32_t row, std::uint8_t* levels) {
        std::copy_n(view.pixels.data() + row * columns, columns, levels);
    };
    return resampled(GreyRows{size, copy}, new_rows, new_columns);
}

}  // namespace bucky::dicom_sr
