// SPDX-License-Identifier: Apache-2.0
#include "inference/prepare.h"

#include <algorithm>

#include "inference/grey.h"
#include "inference/resample.h"

namespace bucky::inference {
namespace {

/// floor(numerator / denominator + 1/2), at least 1.
std::uint32_t rounded_share(std::uint64_t numerator, std::uint64_t denominator) {
    return static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, (2 * numerator + denominator) / (2 * denominator)));
}

Placement place(const Frame& frame, const InputSpec& spec) {
    Placement at;
    at.input_rows = spec.height;
    at.input_columns = spec.width;
    at.image_rows = frame.rows;
    at.image_columns = frame.columns;
    at.content_rows = spec.height;
    at.content_columns = spec.width;
    if (spec.fit == Fit::letterbox) {
        const std::uint64_t by_width = std::uint64_t{spec.width} * frame.rows;
        const std::uint64_t by_height = std::uint64_t{spec.height} * frame.columns;
        if (by_width <= by_height) {
            at.content_rows = std::min(rounded_share(by_width, frame.columns), spec.height);
        } else {
            at.content_columns = std::min(rounded_share(by_height, frame.rows), spec.width);
        }
    }
    at.offset_row = (at.input_rows - at.content_rows) / 2;
    at.offset_column = (at.input_columns - at.content_columns) / 2;
    return at;
}

float smallest_in(const Frame& frame, const std::vector<float>& values) {
    std::vector<bool> seen(values.size());
    for (const std::uint16_t pattern : frame.patterns) seen[pattern] = true;
    float smallest = values[frame.patterns.front()];
    for (std::size_t p = 0; p < values.size(); ++p) {
        if (seen[p]) smallest = std::min(smallest, values[p]);
    }
    return smallest;
}

}  // namespace

Prepared prepare(const Image& image, const InputSpec& spec) {
    const bool display = spec.values == Values::display;
    GreyTable grey = display ? display_values(image.frame, image.grey)
                             : modality_values(image.frame, image.grey);
    const float padding = display ? 0 : smallest_in(image.frame, grey.values);

    Prepared prepared;
    prepared.window = std::move(grey.window);
    prepared.placement = place(image.frame, spec);
    const Placement& at = prepared.placement;
    const FloatPicture content =
        resample(image.frame, grey.values, at.content_rows, at.content_columns, spec.resample);

    std::vector<float> plane(std::size_t{at.input_rows} * at.input_columns, padding);
    for (std::uint32_t row = 0; row < at.content_rows; ++row) {
        const auto from = content.values.begin() + std::ptrdiff_t{row} * at.content_columns;
        const auto to = plane.begin() + std::ptrdiff_t{row + at.offset_row} * at.input_columns +
                        at.offset_column;
        std::copy(from, from + at.content_columns, to);
    }
    const double low = display ? spec.range_low : 0;
    const double span = display ? spec.range_high - spec.range_low : 1;
    prepared.input = {spec.channels, at.input_rows, at.input_columns, {}};
    prepared.input.values.reserve(plane.size() * spec.channels);
    for (std::uint32_t c = 0; c < spec.channels; ++c) {
        const double mean = spec.mean.empty() ? 0 : spec.mean[c];
        const double deviation = spec.standard_deviation.empty() ? 1 : spec.standard_deviation[c];
        for (const float v : plane) {
            prepared.input.values.push_back(
                static_cast<float>((low + v * span - mean) / deviation));
        }
    }
    return prepared;
}

}  // namespace bucky::inference
