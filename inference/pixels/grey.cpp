// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/grey.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

namespace bucky::inference {
namespace {

constexpr double kTail = 0.005;  ///< part of the pixels outside a percentile window, at each end

std::uint16_t entry_of(const LookupTable& table, double input) {
    const double last = static_cast<double>(table.entries.size() - 1);
    const double index = std::clamp(std::round(input) - table.first, 0.0, last);
    return table.entries[static_cast<std::size_t>(index)];
}

/// How often each bit pattern occurs in the frame, outside of a shutter.
std::vector<std::uint64_t> counts_of(const Frame& frame, std::span<const std::uint8_t> hidden) {
    std::vector<std::uint64_t> counts(frame.pattern_count());
    if (hidden.empty()) {
        for (const std::uint16_t pattern : frame.patterns) ++counts[pattern];
    } else {
        for (std::size_t i = 0; i < hidden.size(); ++i) {
            if (hidden[i] == 0) ++counts[frame.patterns[i]];
        }
    }
    return counts;
}

/// Whether any pixel is not padding. If all are, the padding value is wrong and is ignored.
bool has_anatomy(const Frame& frame, const GreyRules& rules) {
    return std::any_of(frame.patterns.begin(), frame.patterns.end(), [&](std::uint16_t pattern) {
        return !rules.is_padding(frame.value(pattern));
    });
}

}  // namespace

float modality_value(const GreyRules& rules, int stored) {
    return rules.modality_lut ? static_cast<float>(entry_of(*rules.modality_lut, stored))
                              : static_cast<float>(stored * rules.slope + rules.intercept);
}

double shown_by(const LookupTable& table, double value) {
    return entry_of(table, value) / static_cast<double>((1U << table.bits) - 1);
}

double shown_by(const Window& window, double value) {
    switch (window.function) {
        case Window::Function::linear:
            // width 1 is a step: every value above centre - 0.5 is white
            if (window.width <= 1) return value <= window.center - 0.5 ? 0 : 1;
            return std::clamp((value - (window.center - 0.5)) / (window.width - 1) + 0.5, 0.0, 1.0);
        case Window::Function::linear_exact:
            return std::clamp((value - window.center) / window.width + 0.5, 0.0, 1.0);
        case Window::Function::sigmoid:
            return 1 / (1 + std::exp(-4 * (value - window.center) / window.width));
    }
    __builtin_unreachable();
}

Window percentile_window(const Frame& frame, const GreyRules& rules,
                         std::span<const std::uint8_t> hidden, double tail) {
    const std::vector<float> modality = modality_values(frame, rules).values;
    std::vector<std::uint64_t> counts = counts_of(frame, hidden);
    const std::vector<std::uint64_t> all = counts;
    for (std::size_t p = 0; p < counts.size(); ++p) {
        if (rules.is_padding(frame.value(p))) counts[p] = 0;
    }
    std::vector<std::size_t> order;  // patterns that occur, ordered by value
    const auto gather = [&] {
        for (std::size_t p = 0; p < counts.size(); ++p) {
            if (counts[p] > 0) order.push_back(p);
        }
    };
    gather();
    if (order.empty()) {  // every pixel is padding
        counts = all;
        gather();
    }
    if (order.empty()) return {};
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return modality[a] < modality[b]; });
    double total = 0;
    for (const std::size_t p : order) total += static_cast<double>(counts[p]);

    const auto percentile = [&](double fraction) {
        double seen = 0;
        for (const std::size_t p : order) {
            seen += static_cast<double>(counts[p]);
            if (seen >= fraction * total) return static_cast<double>(modality[p]);
        }
        return static_cast<double>(modality[order.back()]);
    };
    const double low = percentile(tail);
    const double high = percentile(1 - tail);
    const double width = high > low ? high - low : 1;  // an image with one value only
    return {(low + high) / 2, width, Window::Function::linear_exact};
}

std::string percentile_words(const Window& window, double tail) {
    return fmt::format("window {:.6g}/{:.6g} over percentiles {:g} to {:g}", window.center,
                       window.width, 100 * tail, 100 - 100 * tail);
}

GreyTable modality_values(const Frame& frame, const GreyRules& rules) {
    GreyTable table;
    table.values.resize(frame.pattern_count());
    for (std::size_t p = 0; p < table.values.size(); ++p) {
        table.values[p] = modality_value(rules, frame.value(p));
    }
    table.window = "modality values, not windowed";
    return table;
}

GreyRules with_window(const Frame& frame, const GreyRules& rules,
                      std::span<const std::uint8_t> hidden) {
    GreyRules complete = rules;
    if (!rules.voi_lut && !rules.window) {
        complete.window = percentile_window(frame, rules, hidden, kTail);
        complete.view = percentile_words(*complete.window, kTail);
    }
    return complete;
}

GreyTable display_values(const Frame& frame, const GreyRules& given,
                         std::span<const std::uint8_t> hidden) {
    const GreyRules rules = with_window(frame, given, hidden);
    GreyTable table = modality_values(frame, rules);
    if (rules.voi_lut) {
        for (float& v : table.values) v = static_cast<float>(shown_by(*rules.voi_lut, v));
    } else {
        for (float& v : table.values) v = static_cast<float>(shown_by(*rules.window, v));
    }
    table.window = rules.view;
    if (!rules.replaced.empty()) table.window += ": " + rules.replaced;
    if (rules.inverse) {
        for (float& v : table.values) v = 1 - v;
    }
    if (rules.padding && has_anatomy(frame, rules)) {
        for (std::size_t p = 0; p < table.values.size(); ++p) {
            if (rules.is_padding(frame.value(p))) table.values[p] = 0;
        }
    }
    if (!hidden.empty()) table.window += "; what the display shutter hides is left out";
    return table;
}

}  // namespace bucky::inference
