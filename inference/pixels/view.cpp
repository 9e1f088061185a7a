// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "inference/pixels/grey.h"

namespace bucky::inference {
namespace {

// A view of the header is used only within these: cxr-phantom's answers change beyond them
// (docs/decisions/0404).
constexpr double kViewShareMin = 0.32;
constexpr double kViewReachMin = 0.65;
constexpr double kViewBlackMax = 0.10;
constexpr double kViewWhiteMax = 0.10;

// A picture beyond these is refused. No film of the samples and of the training is.
constexpr double kShareMin = 0.16;
constexpr double kBlackMax = 0.30;
constexpr double kWhiteMax = 0.20;
constexpr double kEntropyMin = 4.5;

constexpr std::size_t kLevels = 256;
constexpr std::uint32_t kSampledSide = 160;

using Histogram = std::array<std::uint32_t, kLevels>;

/// Modality values of pixels spread evenly over the image.
struct Sample {
    std::vector<float> all, middle;
};

bool is_middle(std::uint32_t at, std::uint32_t length) {
    return at >= length / 5 && at < length - length / 5;
}

/// Every n-th pixel of every n-th row, without padding and what a shutter hides.
Sample sample_of(const Image& image, bool with_padding) {
    const Frame& frame = image.frame;
    const std::uint32_t down = std::max(1U, frame.rows / kSampledSide);
    const std::uint32_t across = std::max(1U, frame.columns / kSampledSide);
    Sample sample;
    for (std::uint32_t row = down / 2; row < frame.rows; row += down) {
        for (std::uint32_t column = across / 2; column < frame.columns; column += across) {
            const std::size_t at = std::size_t{row} * frame.columns + column;
            const int stored = frame.value(frame.patterns[at]);
            const bool hidden = !image.hidden.empty() && image.hidden[at] != 0;
            if (hidden || (!with_padding && image.grey.is_padding(stored))) continue;
            const float value = modality_value(image.grey, stored);
            sample.all.push_back(value);
            if (is_middle(row, frame.rows) && is_middle(column, frame.columns)) {
                sample.middle.push_back(value);
            }
        }
    }
    return sample;
}

Sample sample_of(const Image& image) {
    Sample sample = sample_of(image, false);
    if (sample.all.empty()) sample = sample_of(image, true);
    if (sample.middle.empty()) sample.middle = sample.all;
    return sample;
}

Histogram levels_of(const std::vector<float>& values, const View& view, bool inverse) {
    Histogram levels{};
    for (const float value : values) {
        const double shown =
            view.table ? shown_by(*view.table, value) : shown_by(view.window, value);
        const double grey = inverse ? 1 - shown : shown;
        ++levels[static_cast<std::size_t>(grey * (kLevels - 1) + 0.5)];
    }
    return levels;
}

/// The level that a part of the pixels does not exceed.
double level_at(const Histogram& levels, std::size_t pixels, double part) {
    double seen = 0;
    for (std::size_t level = 0; level < kLevels; ++level) {
        seen += levels[level];
        if (seen >= part * static_cast<double>(pixels)) return static_cast<double>(level);
    }
    return kLevels - 1;
}

double entropy_of(const Histogram& levels, std::size_t pixels) {
    double bits = 0;
    for (const std::uint32_t count : levels) {
        if (count == 0) continue;
        const double part = count / static_cast<double>(pixels);
        bits -= part * std::log2(part);
    }
    return bits;
}

ScaleUse use_of(const Sample& sample, const View& view, bool inverse) {
    if (sample.all.empty()) return {};
    const Histogram all = levels_of(sample.all, view, inverse);
    const Histogram middle = levels_of(sample.middle, view, inverse);
    const auto count = static_cast<double>(sample.middle.size());
    ScaleUse use;
    const auto between = [&](double tail) {
        return (level_at(all, sample.all.size(), 1 - tail) -
                level_at(all, sample.all.size(), tail)) /
               (kLevels - 1);
    };
    use.share = between(0.05);
    use.reach = between(0.005);
    use.black = (middle[0] + middle[1]) / count;
    use.white = (middle[kLevels - 2] + middle[kLevels - 1]) / count;
    use.entropy = entropy_of(middle, sample.middle.size());
    return use;
}

/// How far a view is beyond its limits: up to 1 it is within them.
double excess(const ScaleUse& use) {
    constexpr double kFlat = 1e-6;
    return std::max({kViewShareMin / std::max(use.share, kFlat),
                     kViewReachMin / std::max(use.reach, kFlat), use.black / kViewBlackMax,
                     use.white / kViewWhiteMax});
}

double percent(double part) {
    return 100 * part;
}

/// Whether values of the image lie behind the last entry of a table that is cut.
bool lacks_entries(const View& view, const Sample& sample) {
    if (!view.is_cut) return false;
    const auto end =
        static_cast<double>(view.table->first) + static_cast<double>(view.table->entries.size());
    return std::any_of(sample.all.begin(), sample.all.end(),
                       [&](float value) { return std::round(value) >= end; });
}

bool cannot_be_used(const View& view, const Sample& sample) {
    return view.for_other_bits || lacks_entries(view, sample);
}

/// What is wrong with a view that is beyond its limits.
std::string fault_of(const View& view, const Sample& sample, bool inverse) {
    if (view.for_other_bits) return "is for values of other bits";
    if (lacks_entries(view, sample)) return "lacks entries for values of the image";
    const ScaleUse use = use_of(sample, view, inverse);
    if (use.share < kViewShareMin || use.reach < kViewReachMin) {
        const bool by_share = use.share / kViewShareMin < use.reach / kViewReachMin;
        return fmt::format("leaves {} % of the pixels {:.0f} % of the grey scale",
                           by_share ? 90 : 99, percent(by_share ? use.share : use.reach));
    }
    const bool is_black = use.black / kViewBlackMax > use.white / kViewWhiteMax;
    return fmt::format("makes {:.0f} % of its middle {}", percent(is_black ? use.black : use.white),
                       is_black ? "black" : "white");
}

struct Measured {
    const View* view = nullptr;
    ScaleUse use = {};
    double excess = 0;
};

/// Keeps `best` unless the view is better. Returns whether the best is within the limits.
bool offer(Measured& best, const View& view, const Sample& sample, bool inverse) {
    Measured one{&view, use_of(sample, view, inverse), 0};
    one.excess = cannot_be_used(view, sample) ? HUGE_VAL : excess(one.use);
    if (best.view == nullptr || one.excess < best.excess) best = one;
    return best.excess <= 1;
}

/// Windows over percentiles, each narrower than the one before: burned-in text and metal may take
/// more than the outermost pixels.
std::vector<View> percentile_views(const Image& image, const Sample& sample, Measured& best) {
    std::vector<View> views;
    views.reserve(3);  // `best` points to one of them
    for (const double tail : {0.005, 0.02, 0.05}) {
        View view;
        view.window = percentile_window(image.frame, image.grey, image.hidden, tail);
        view.words = percentile_words(view.window, tail);
        views.push_back(std::move(view));
        if (offer(best, views.back(), sample, image.grey.inverse)) break;
    }
    return views;
}

void apply(Image& image, const Measured& best) {
    image.use = best.use;
    image.grey.view = best.view->words;
    if (best.view->table) {
        image.grey.voi_lut = best.view->table;
    } else {
        image.grey.window = best.view->window;
    }
}

}  // namespace

void choose_view(Image& image, std::vector<View> views) {
    const Sample sample = sample_of(image);
    Measured best;
    for (const View& view : views) {
        if (offer(best, view, sample, image.grey.inverse)) break;
    }
    std::vector<View> percentiles;
    if (best.view == nullptr || best.excess > 1) {
        percentiles = percentile_views(image, sample, best);
    }
    apply(image, best);
    if (views.empty()) {
        image.grey.view += ", the header has none";
    } else if (best.view != &views.front()) {
        image.grey.replaced = fmt::format("the {} {}", views.front().words,
                                          fault_of(views.front(), sample, image.grey.inverse));
    }
}

std::optional<std::string> unreadable(const ScaleUse& use) {
    const bool is_readable = use.share >= kShareMin && use.entropy >= kEntropyMin &&
                             use.black <= kBlackMax && use.white <= kWhiteMax;
    if (is_readable) return std::nullopt;
    return fmt::format("the picture {}: nobody could read it", words_for(use));
}

std::string words_for(const ScaleUse& use) {
    return fmt::format(
        "fills {:.0f} % of the grey scale; of its middle {:.0f} % are black, {:.0f} % white; "
        "entropy {:.1f} bits",
        percent(use.share), percent(use.black), percent(use.white), use.entropy);
}

}  // namespace bucky::inference
