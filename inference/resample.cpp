// SPDX-License-Identifier: Apache-2.0
#include "inference/resample.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace bucky::inference {
namespace {

/// The inputs that one output is made of: the ends have weights of their own, all between have
/// `inner`.
struct Span {
    std::size_t begin = 0, end = 0;  ///< [begin, end), never empty
    double first = 0, last = 0;      ///< weight of begin; of end - 1, when that is another one
    double inner = 0;
};

std::vector<Span> area_spans(std::uint32_t in, std::uint32_t out) {
    const double scale = static_cast<double>(in) / out;
    std::vector<Span> spans(out);
    for (std::uint32_t i = 0; i < out; ++i) {
        const double low = i * scale;
        const double high = i + 1 == out ? in : std::min((i + 1) * scale, double{1} * in);
        Span& span = spans[i];
        span.begin = std::min<std::size_t>(static_cast<std::size_t>(low), in - 1);
        span.end = std::max(static_cast<std::size_t>(std::ceil(high)), span.begin + 1);
        span.inner = 1 / scale;
        const auto covered = [&](std::size_t j) {  // of pixel j, by this output
            const auto from = static_cast<double>(j);
            return std::max(0.0, std::min(from + 1, high) - std::max(from, low)) / scale;
        };
        span.first = covered(span.begin);
        span.last = covered(span.end - 1);
    }
    return spans;
}

std::vector<Span> bilinear_spans(std::uint32_t in, std::uint32_t out) {
    const double scale = static_cast<double>(in) / out;
    std::vector<Span> spans(out);
    for (std::uint32_t i = 0; i < out; ++i) {
        const double x = std::max((i + 0.5) * scale - 0.5, 0.0);
        Span& span = spans[i];
        span.begin = std::min<std::size_t>(static_cast<std::size_t>(x), in - 1);
        const double fraction = x - static_cast<double>(span.begin);
        const bool has_next = span.begin + 1 < in;
        span.end = span.begin + (has_next ? 2 : 1);
        span.first = has_next ? 1 - fraction : 1;
        span.last = fraction;
    }
    return spans;
}

/// One row of the frame, squeezed to the output's width.
void squeeze(std::span<const std::uint16_t> row, const std::vector<float>& values,
             const std::vector<Span>& spans, std::vector<float>& out) {
    for (std::size_t i = 0; i < spans.size(); ++i) {
        const Span& span = spans[i];
        double sum = span.first * values[row[span.begin]];
        if (span.end > span.begin + 1) {
            float inner = 0;
            for (std::size_t j = span.begin + 1; j + 1 < span.end; ++j) inner += values[row[j]];
            sum += span.inner * inner + span.last * values[row[span.end - 1]];
        }
        out[i] = static_cast<float>(sum);
    }
}

}  // namespace

FloatPicture resample(const Frame& frame, const std::vector<float>& values, std::uint32_t rows,
                      std::uint32_t columns, Resample how) {
    const auto spans_of = how == Resample::area ? area_spans : bilinear_spans;
    const std::vector<Span> across = spans_of(frame.columns, columns);
    const std::vector<Span> down = spans_of(frame.rows, rows);

    FloatPicture picture{rows, columns, std::vector<float>(std::size_t{rows} * columns)};
    std::vector<float> squeezed(columns);
    std::vector<double> sum(columns);
    std::size_t squeezed_row = frame.rows;  // none yet
    for (std::uint32_t i = 0; i < rows; ++i) {
        const Span& span = down[i];
        std::fill(sum.begin(), sum.end(), 0.0);
        for (std::size_t j = span.begin; j < span.end; ++j) {
            if (j != squeezed_row) {  // two outputs share a row where their boundary cuts it
                const auto* row = frame.patterns.data() + j * frame.columns;
                squeeze({row, frame.columns}, values, across, squeezed);
                squeezed_row = j;
            }
            const double weight =
                j == span.begin ? span.first : (j + 1 == span.end ? span.last : span.inner);
            for (std::uint32_t c = 0; c < columns; ++c) sum[c] += weight * squeezed[c];
        }
        std::transform(sum.begin(), sum.end(),
                       picture.values.begin() + static_cast<std::ptrdiff_t>(i) * columns,
                       [](double v) { return static_cast<float>(v); });
    }
    return picture;
}

}  // namespace bucky::inference
