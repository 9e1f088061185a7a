// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bucky::inference {
namespace {

/// The inputs of one output, each with its weight.
struct Span {
    std::size_t begin = 0;
    std::vector<double> weights;  ///< of the inputs begin, begin + 1, ...; never empty

    std::size_t end() const { return begin + weights.size(); }
};

Span area_span(std::uint32_t i, std::uint32_t in, std::uint32_t out) {
    const double scale = static_cast<double>(in) / out;
    const double low = i * scale;
    const double high = i + 1 == out ? in : std::min((i + 1) * scale, double{1} * in);
    Span span{std::min<std::size_t>(static_cast<std::size_t>(low), in - 1), {}};
    const auto end = std::max(static_cast<std::size_t>(std::ceil(high)), span.begin + 1);
    for (std::size_t j = span.begin; j < end; ++j) {
        const auto from = static_cast<double>(j);
        const double covered = std::max(0.0, std::min(from + 1, high) - std::max(from, low));
        span.weights.push_back(covered / scale);
    }
    return span;
}

Span bilinear_span(std::uint32_t i, std::uint32_t in, std::uint32_t out) {
    const double scale = static_cast<double>(in) / out;
    const double x = std::max((i + 0.5) * scale - 0.5, 0.0);
    Span span{std::min<std::size_t>(static_cast<std::size_t>(x), in - 1), {1}};
    if (span.begin + 1 < in) {
        const double fraction = x - static_cast<double>(span.begin);
        span.weights = {1 - fraction, fraction};
    }
    return span;
}

Span triangle_span(std::uint32_t i, std::uint32_t in, std::uint32_t out) {
    const double scale = static_cast<double>(in) / out;
    const double radius = std::max(scale, 1.0);
    const double centre = (i + 0.5) * scale;
    const auto begin = static_cast<std::size_t>(std::max(centre - radius + 0.5, 0.0));
    const auto end = std::min<std::size_t>(static_cast<std::size_t>(centre + radius + 0.5), in);
    Span span{begin, {}};
    double sum = 0;
    for (std::size_t j = begin; j < end; ++j) {
        const double away = std::abs(static_cast<double>(j) - centre + 0.5) / radius;
        span.weights.push_back(std::max(1 - away, 0.0));
        sum += span.weights.back();
    }
    for (double& weight : span.weights) weight /= sum;
    return span;
}

std::vector<Span> spans_of(std::uint32_t in, std::uint32_t out, Resample how) {
    const auto span = how == Resample::area       ? area_span
                      : how == Resample::bilinear ? bilinear_span
                                                  : triangle_span;
    std::vector<Span> spans;
    spans.reserve(out);
    for (std::uint32_t i = 0; i < out; ++i) spans.push_back(span(i, in, out));
    return spans;
}

/// One row of the part, as numbers. This look-up is most of the work. Four at a time, so that the
/// processor does not wait for each.
void look_up(const Frame& frame, const Part& part, const PixelValues& pixels, std::size_t row,
             std::vector<float>& line) {
    const std::size_t from = (part.row + row) * frame.columns + part.column;
    const std::uint16_t* patterns = frame.patterns.data() + from;
    const float* values = pixels.values.data();
    std::size_t c = 0;
    for (; c + 4 <= part.columns; c += 4) {
        const float a = values[patterns[c]], b = values[patterns[c + 1]];
        const float d = values[patterns[c + 2]], e = values[patterns[c + 3]];
        line[c] = a;
        line[c + 1] = b;
        line[c + 2] = d;
        line[c + 3] = e;
    }
    for (; c < part.columns; ++c) line[c] = values[patterns[c]];
    if (pixels.hidden.empty()) return;
    for (c = 0; c < part.columns; ++c) {
        if (pixels.hidden[from + c] != 0) line[c] = pixels.background;
    }
}

/// Four sums, so that no addition waits for the one before. Doubles, because values from -1024 to
/// 1024 need all digits of a float.
double weighted(const float* line, const Span& span) {
    const float* in = line + span.begin;
    const double* weight = span.weights.data();
    const std::size_t count = span.weights.size();
    double sums[4] = {};
    std::size_t j = 0;
    for (; j + 4 <= count; j += 4) {
        for (std::size_t k = 0; k < 4; ++k) sums[k] += weight[j + k] * in[j + k];
    }
    for (; j < count; ++j) sums[0] += weight[j] * in[j];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

FloatPicture resample(const Frame& frame, const Part& part, const PixelValues& pixels,
                      std::uint32_t rows, std::uint32_t columns, Resample how) {
    const std::vector<Span> across = spans_of(part.columns, columns, how);
    const std::vector<Span> down = spans_of(part.rows, rows, how);
    std::vector<float> line(part.columns);
    std::vector<double> squeezed(columns);
    std::vector<double> sums(std::size_t{rows} * columns);
    std::uint32_t first = 0;  // the first output that needs more rows
    for (std::size_t row = 0; row < part.rows; ++row) {
        while (first < rows && down[first].end() <= row) ++first;
        if (first == rows) break;
        if (down[first].begin > row) continue;  // bilinear skips rows between two outputs
        look_up(frame, part, pixels, row, line);
        for (std::uint32_t c = 0; c < columns; ++c) squeezed[c] = weighted(line.data(), across[c]);
        for (std::uint32_t i = first; i < rows && down[i].begin <= row; ++i) {
            if (down[i].end() <= row) continue;
            const double weight = down[i].weights[row - down[i].begin];
            double* sum = sums.data() + std::size_t{i} * columns;
            for (std::uint32_t c = 0; c < columns; ++c) sum[c] += weight * squeezed[c];
        }
    }
    FloatPicture picture{rows, columns, {}};
    picture.values.assign(sums.begin(), sums.end());
    return picture;
}

FloatPicture resample(const Frame& frame, const std::vector<float>& values, std::uint32_t rows,
                      std::uint32_t columns, Resample how) {
    const std::vector<std::uint8_t> nothing;
    return resample(frame, {0, 0, frame.rows, frame.columns}, {values, nothing, 0}, rows, columns,
                    how);
}

}  // namespace bucky::inference
