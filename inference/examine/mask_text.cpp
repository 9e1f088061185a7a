// SPDX-License-Identifier: Apache-2.0
#include "inference/examine/mask_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "inference/reasons.h"

namespace bucky::inference {
namespace {

/// Of the picture. A name with its numbers takes 2 %.
constexpr double kPaintedMax = 0.15;

struct Area {
    std::uint32_t column = 0, row = 0, right = 0, bottom = 0;
};

/// The line with a margin, in which accents and the blur of strokes lie, and along the line a first
/// or last letter or two that were not found with it; `margins` counts them.
Area area_of(const FoundText& text, const Frame& frame, std::uint32_t margins) {
    const auto line = std::min(text.columns, text.rows);
    const auto across = (2 + line * 2 / 5) * margins, along = (2 + line * 2) * margins;
    const auto aside = text.columns >= text.rows ? along : across;
    const auto above = text.columns >= text.rows ? across : along;
    const auto before = [](std::uint32_t at, std::uint32_t by) { return at > by ? at - by : 0; };
    return {before(text.column, aside), before(text.row, above),
            std::min(frame.columns, text.column + text.columns + aside),
            std::min(frame.rows, text.row + text.rows + above)};
}

/// The grey in the middle of those around the line, as a bit pattern.
std::uint16_t grey_around(const Image& image, const Area& inner, const Area& outer) {
    const Frame& frame = image.frame;
    std::vector<std::uint16_t> around;
    for (auto row = outer.row; row < outer.bottom; ++row) {
        for (auto column = outer.column; column < outer.right; ++column) {
            const bool is_inside = row >= inner.row && row < inner.bottom &&
                                   column >= inner.column && column < inner.right;
            if (is_inside) continue;
            around.push_back(frame.patterns[std::size_t{row} * frame.columns + column]);
        }
    }
    if (around.empty()) return frame.patterns.front();
    const auto middle = around.begin() + static_cast<std::ptrdiff_t>(around.size() / 2);
    std::nth_element(around.begin(), middle, around.end(),
                     [&](auto one, auto other) { return frame.value(one) < frame.value(other); });
    return *middle;
}

void paint(Image& image, const FoundText& text) {
    Frame& frame = image.frame;
    const Area area = area_of(text, frame, 1);
    const auto grey = grey_around(image, area, area_of(text, frame, 2));
    for (auto row = area.row; row < area.bottom; ++row) {
        const auto at =
            frame.patterns.begin() + static_cast<std::ptrdiff_t>(std::size_t{row} * frame.columns);
        std::fill(at + area.column, at + area.right, grey);
    }
}

bool is_painted(const FoundText& text) {
    return !text.is_harmless && !text.is_over_lungs;
}

/// How much of the picture paint would cover.
double painted_part(const Image& image, const TextSearch& found) {
    const Frame& frame = image.frame;
    std::vector<bool> covered(frame.patterns.size());
    for (const FoundText& text : found.lines) {
        if (!is_painted(text)) continue;
        const Area area = area_of(text, frame, 1);
        for (auto row = area.row; row < area.bottom; ++row) {
            const auto at =
                covered.begin() + static_cast<std::ptrdiff_t>(std::size_t{row} * frame.columns);
            std::fill(at + area.column, at + area.right, true);
        }
    }
    const auto count = std::count(covered.begin(), covered.end(), true);
    return static_cast<double>(count) /
           static_cast<double>(std::max<std::size_t>(1, covered.size()));
}

std::optional<Reason> why_withheld(const Image& image, const TextSearch& found, Care care) {
    if (!found.is_complete) {
        return reason("privacy.not_searched",
                      "the pixels could not be searched for text in time, so that the image was "
                      "not sent to the service");
    }
    const auto is_text = [](const FoundText& text) { return !text.is_harmless; };
    const auto keeps_it_back = [&](const FoundText& text) {
        return is_text(text) && text.is_over_lungs && (care == Care::strict || !text.is_doubtful);
    };
    const auto& lines = found.lines;
    const char* why = nullptr;
    if (std::any_of(lines.begin(), lines.end(), keeps_it_back)) {
        why = "there is text in the middle of the picture";
    } else if (painted_part(image, found) > kPaintedMax) {
        why = "text covers much of the picture";
    } else if (care == Care::strict && std::none_of(lines.begin(), lines.end(), is_text)) {
        why = "Burned In Annotation is YES, and no text was found that could be masked";
    }
    if (why == nullptr) return {};
    return reason("privacy.text_in_pixels",
                  fmt::format("{}, so that the image was not sent to the service", why));
}

}  // namespace

Care care_for(const Header& header) {
    return header.burned_in == "YES" ? Care::strict : Care::usual;
}

Masked mask_text(Image& image, const TextSearch& found, Care care) {
    if (auto why = why_withheld(image, found, care)) return {0, std::move(why)};
    Masked masked;
    for (const FoundText& text : found.lines) {
        if (!is_painted(text)) continue;
        paint(image, text);
        ++masked.lines;
    }
    return masked;
}

}  // namespace bucky::inference
