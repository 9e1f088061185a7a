// SPDX-License-Identifier: Apache-2.0
#include "inference/run/prepare.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "inference/pixels/grey.h"
#include "inference/pixels/resample.h"

namespace bucky::inference {
namespace {

std::uint32_t at_least_1(double whole) {
    return static_cast<std::uint32_t>(std::max(whole, 1.0));
}

void crop(Placement& at, double pixel_ratio, const InputSpec& spec) {
    const double wide = double{1} * at.image_columns * spec.height;
    const double high = at.image_rows * pixel_ratio * spec.width;
    if (wide <= high) {
        at.part_rows = at_least_1(std::floor(wide / (pixel_ratio * spec.width)));
    } else {
        at.part_columns = at_least_1(std::floor(high / spec.height));
    }
    at.part_row = at.image_rows / 2 - at.part_rows / 2;
    at.part_column = at.image_columns / 2 - at.part_columns / 2;
}

void letterbox(Placement& at, double pixel_ratio, const InputSpec& spec) {
    const double high = at.image_rows * pixel_ratio * spec.width;
    const double wide = double{1} * at.image_columns * spec.height;
    if (high <= wide) {
        const double rows = std::floor(high / at.image_columns + 0.5);
        at.content_rows = std::min(at_least_1(rows), spec.height);
    } else {
        const double columns = std::floor(wide / (at.image_rows * pixel_ratio) + 0.5);
        at.content_columns = std::min(at_least_1(columns), spec.width);
    }
    at.offset_row = (at.input_rows - at.content_rows) / 2;
    at.offset_column = (at.input_columns - at.content_columns) / 2;
}

/// The smallest modality value of the pixels that are neither padding nor hidden; of all pixels, if
/// there are no others.
float smallest_in(const Image& image, const std::vector<float>& values) {
    const Frame& frame = image.frame;
    std::vector<bool> seen(values.size());
    for (std::size_t i = 0; i < frame.patterns.size(); ++i) {
        if (image.hidden.empty() || image.hidden[i] == 0) seen[frame.patterns[i]] = true;
    }
    std::optional<float> smallest;
    for (std::size_t p = 0; p < values.size(); ++p) {
        if (!seen[p] || image.grey.is_padding(frame.value(p))) continue;
        smallest = std::min(smallest.value_or(values[p]), values[p]);
    }
    return smallest.value_or(values[frame.patterns.front()]);
}

struct Grey {
    GreyTable table;
    float background = 0;  ///< value of pixels that are no part of the image
};

Grey grey_of(const Image& image, const InputSpec& spec) {
    if (spec.values == Values::display) {
        Grey grey{display_values(image.frame, image.grey, image.hidden), 0};
        const double span = spec.range_high - spec.range_low;
        for (float& v : grey.table.values) v = static_cast<float>(spec.range_low + v * span);
        grey.background = static_cast<float>(spec.range_low);
        return grey;
    }
    Grey grey{modality_values(image.frame, image.grey), 0};
    grey.background = smallest_in(image, grey.table.values);
    for (std::size_t p = 0; image.grey.padding && p < grey.table.values.size(); ++p) {
        if (image.grey.is_padding(image.frame.value(p))) grey.table.values[p] = grey.background;
    }
    return grey;
}

/// Applies the formula of each channel to the values.
void fill_channels(ModelInput& input, const std::vector<float>& plane, const InputSpec& spec) {
    input.values.reserve(plane.size() * spec.channels);
    for (std::uint32_t c = 0; c < spec.channels; ++c) {
        const double mean = spec.mean.empty() ? 0 : spec.mean[c];
        const double deviation = spec.standard_deviation.empty() ? 1 : spec.standard_deviation[c];
        for (const float v : plane) {
            input.values.push_back(static_cast<float>((v - mean) / deviation));
        }
    }
}

}  // namespace

Placement place(std::uint32_t rows, std::uint32_t columns, double pixel_ratio,
                const InputSpec& spec) {
    Placement at;
    at.input_rows = at.content_rows = spec.height;
    at.input_columns = at.content_columns = spec.width;
    at.image_rows = at.part_rows = rows;
    at.image_columns = at.part_columns = columns;
    switch (spec.fit) {
        case Fit::letterbox: letterbox(at, pixel_ratio, spec); break;
        case Fit::crop: crop(at, pixel_ratio, spec); break;
        case Fit::stretch: break;
    }
    return at;
}

Prepared prepare(const Image& image, const InputSpec& spec) {
    Grey grey = grey_of(image, spec);
    Prepared prepared;
    prepared.window = std::move(grey.table.window);
    prepared.placement = place(image.frame.rows, image.frame.columns, image.pixel_ratio, spec);
    const Placement& at = prepared.placement;
    const bool is_cut = at.part_rows != at.image_rows || at.part_columns != at.image_columns;
    if (is_cut) {
        prepared.window +=
            fmt::format("; only the middle {} x {} pixels", at.part_columns, at.part_rows);
    }
    const Part part{at.part_row, at.part_column, at.part_rows, at.part_columns};
    const FloatPicture content =
        resample(image.frame, part, {grey.table.values, image.hidden, grey.background},
                 at.content_rows, at.content_columns, spec.resample);

    std::vector<float> plane(std::size_t{at.input_rows} * at.input_columns, grey.background);
    for (std::uint32_t row = 0; row < at.content_rows; ++row) {
        const auto from = content.values.begin() + std::ptrdiff_t{row} * at.content_columns;
        const auto to = plane.begin() + std::ptrdiff_t{row + at.offset_row} * at.input_columns +
                        at.offset_column;
        std::copy(from, from + at.content_columns, to);
    }
    prepared.input = {spec.channels, at.input_rows, at.input_columns, {}};
    fill_channels(prepared.input, plane, spec);
    return prepared;
}

}  // namespace bucky::inference
