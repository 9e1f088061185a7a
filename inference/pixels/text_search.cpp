// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/text_search.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <memory>
#include <utility>

#include <leptonica/allheaders.h>

#include "inference/pixels/grey.h"
#include "inference/pixels/text_lines.h"
#include "inference/pixels/text_reader.h"

namespace bucky::inference {
namespace {

/// A line that another covers to this part is the same line, seen at another size.
constexpr double kSame = 0.6;
constexpr double kHeld = 0.8, kMostOf = 0.25;

/// From these scores on, a line is text: one that was read, and one that was not. A mask costs
/// little; over the lungs, where the image would not be sent, a line must be surer.
struct Sure {
    double read, unread;
};
constexpr Sure kSureOutside{0, 0.5}, kSureOverLungs{1, 3};

/// The lungs lie in an ellipse about the middle of the exposed field; its half axes, of the
/// field's sides. Side markers and labels stand in the corners and along the edges.
constexpr double kLungs = 0.40;
constexpr double kOverLungs = 0.25;  ///< of a line; less of it is masked
constexpr int kSamples = 16;

/// The field is exposed where a quarter of a row or column is brighter than this.
constexpr int kExposed = 24;
constexpr double kExposedPart = 0.25;
constexpr double kUnexposedMax = 0.4;  ///< of the side; more is no collimation
constexpr int kFieldSide = 256;

TextReader& reader() {
    thread_local TextReader one;
    return one;
}

/// Stops a search that takes too long.
class Allowance {
public:
    bool is_spent() const { return used() - began_ > kTextSearchCpuSeconds; }

private:
    static double used() {
        timespec now{};
        (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
    }
    double began_ = used();
};

/// The grey rules of what leaves. A model that takes modality values sees what a window would hide.
GreyRules rules_of(const Image& image, Greys greys) {
    GreyRules rules = image.grey;
    if (greys == Greys::modality) {
        rules.window.reset();
        rules.voi_lut.reset();
    }
    return rules;
}

PixPtr rendered(const Image& image, Greys greys) {
    const Frame& frame = image.frame;
    const auto table = display_values(frame, rules_of(image, greys), image.hidden);
    std::vector<std::uint8_t> levels(table.values.size());
    std::transform(table.values.begin(), table.values.end(), levels.begin(),
                   [](float v) { return static_cast<std::uint8_t>(std::lround(v * 255.0F)); });
    auto pix =
        owned(pixCreateNoInit(static_cast<int>(frame.columns), static_cast<int>(frame.rows), 8));
    l_uint32* const data = pixGetData(pix.get());
    const auto words = std::size_t{1} * static_cast<std::size_t>(pixGetWpl(pix.get()));
    for (std::size_t row = 0, i = 0; row < frame.rows; ++row) {
        l_uint32* const line = data + row * words;
        for (std::size_t column = 0; column < frame.columns; ++column, ++i) {
            const bool is_hidden = !image.hidden.empty() && image.hidden[i] != 0;
            SET_DATA_BYTE(line, column, is_hidden ? 0 : levels[frame.patterns[i]]);
        }
    }
    return pix;
}

/// The part of a side that collimation takes at its beginning.
double unexposed(const std::vector<double>& bright) {
    const auto first = std::find_if(bright.begin(), bright.end(),
                                    [](double part) { return part >= kExposedPart; });
    const double part = static_cast<double>(first - bright.begin()) /
                        static_cast<double>(std::max<std::size_t>(1, bright.size()));
    return part > kUnexposedMax ? 0 : part;
}

/// The exposed field, in parts of the picture's sides.
struct Field {
    double left = 0, top = 0, right = 1, bottom = 1;
};

Field field_of(Pix* picture) {
    const int columns = pixGetWidth(picture), rows = pixGetHeight(picture);
    const int step = std::max(1, std::min(columns, rows) / kFieldSide);
    std::vector<double> by_row, by_column;
    std::vector<int> bright_in(static_cast<std::size_t>(columns / step + 1));
    int sampled = 0;
    for (int row = 0; row < rows; row += step, ++sampled) {
        l_uint32* const line = pixGetData(picture) + std::ptrdiff_t{row} * pixGetWpl(picture);
        int bright = 0, all = 0;
        for (int column = 0; column < columns; column += step, ++all) {
            if (GET_DATA_BYTE(line, column) < kExposed) continue;
            ++bright;
            ++bright_in[static_cast<std::size_t>(all)];
        }
        by_row.push_back(double{1} * bright / std::max(1, all));
    }
    for (int column = 0, i = 0; column < columns; column += step, ++i) {
        by_column.push_back(double{1} * bright_in[static_cast<std::size_t>(i)] /
                            std::max(1, sampled));
    }
    Field field;
    field.top = unexposed(by_row);
    field.left = unexposed(by_column);
    std::reverse(by_row.begin(), by_row.end());
    std::reverse(by_column.begin(), by_column.end());
    field.bottom = 1 - unexposed(by_row);
    field.right = 1 - unexposed(by_column);
    return field;
}

/// Whether so much of the line lies over the lungs that paint over it could hide a finding.
bool is_over_lungs(const PixelBox& at, Pix* picture, const Field& field) {
    const auto away = [](double part, double low, double high) {
        return (part - (low + high) / 2) / ((high - low) * kLungs);
    };
    int over = 0;
    for (int i = 0; i < kSamples * kSamples; ++i) {
        const double along = (i % kSamples + 0.5) / kSamples,
                     down = (i / kSamples + 0.5) / kSamples;
        const double x = (at.column + along * at.columns) / pixGetWidth(picture);
        const double y = (at.row + down * at.rows) / pixGetHeight(picture);
        over += std::hypot(away(x, field.left, field.right), away(y, field.top, field.bottom)) < 1;
    }
    return over > kOverLungs * kSamples * kSamples;
}

/// A line in its view and in the picture.
struct Seen {
    TextLine line;
    const View* view = nullptr;
    PixelBox at;
    bool is_over_lungs = false;
    bool is_doubtful = false;
    Reading reading = Reading::nothing;

    double score_over(const Sure& sure) const {
        return line.score - (reading == Reading::words ? sure.read : sure.unread);
    }
};

bool is_covered(const PixelBox& at, const PixelBox& by) {
    return shared_area(at, by) > kSame * at.area();
}

/// Whether a line is a piece of a surer one that is harmless; or that one and what is around it;
/// or, across, a stack of such words and signs.
bool is_of_harmless(const Seen& seen, const Seen& other) {
    if (other.reading != Reading::harmless || other.line.score <= seen.line.score) return false;
    if (is_covered(seen.at, other.at)) return true;
    const bool holds_it = shared_area(seen.at, other.at) > kHeld * other.at.area();
    return holds_it && (other.line.is_turned != seen.line.is_turned ||
                        other.at.area() > kMostOf * seen.at.area());
}

/// Reads the lines, the surest first, without those that have been read at another size.
bool read_lines(std::vector<Seen>& lines, const Allowance& time) {
    std::stable_sort(lines.begin(), lines.end(), [](const Seen& one, const Seen& other) {
        return one.line.score > other.line.score;
    });
    std::vector<Seen> kept;
    for (Seen& seen : lines) {
        if (std::any_of(kept.begin(), kept.end(),
                        [&](const Seen& before) { return is_covered(seen.at, before.at); })) {
            continue;
        }
        if (time.is_spent()) return false;
        seen.reading = reader().read(seen.view->of(seen.line), seen.line);
        kept.push_back(seen);
    }
    for (Seen& seen : kept) {
        seen.is_doubtful = seen.is_over_lungs && seen.score_over(kSureOverLungs) < 0;
    }
    std::erase_if(kept, [&](const Seen& seen) {
        if (seen.reading == Reading::harmless) return false;
        if (seen.score_over(kSureOutside) < 0) return true;
        return std::any_of(kept.begin(), kept.end(),
                           [&](const Seen& other) { return is_of_harmless(seen, other); });
    });
    lines = std::move(kept);
    return true;
}

FoundText told(const Seen& seen, std::uint32_t by) {
    const auto pixels = [&](int count) { return static_cast<std::uint32_t>(count) * by; };
    return {.column = pixels(std::max(0, seen.at.column)),
            .row = pixels(std::max(0, seen.at.row)),
            .columns = pixels(seen.at.columns),
            .rows = pixels(seen.at.rows),
            .is_harmless = seen.reading == Reading::harmless,
            .is_over_lungs = seen.is_over_lungs,
            .is_doubtful = seen.is_doubtful && seen.reading != Reading::harmless};
}

}  // namespace

TextSearch search_text(const Image& image, Greys greys) {
    const Allowance time;
    auto picture = rendered(image, greys);
    std::uint32_t halved = 1;
    while (std::max(pixGetWidth(picture.get()), pixGetHeight(picture.get())) > kSearchedSideMax) {
        picture = owned(pixScaleAreaMap2(picture.get()));
        halved *= 2;
    }
    const Field field = field_of(picture.get());
    const auto whole = owned(pixClone(picture.get()));
    const auto views = views_of(std::move(picture));
    std::vector<Seen> lines;
    for (const View& view : views) {
        if (time.is_spent()) return {{}, false};
        for (const TextLine& line : lines_in(view)) {
            if (line.score < kSureOutside.read) continue;
            const PixelBox at = view.in_picture(line);
            lines.push_back({line, &view, at, is_over_lungs(at, whole.get(), field)});
        }
    }
    TextSearch found;
    found.is_complete = read_lines(lines, time);
    for (const Seen& seen : lines) {
        found.lines.push_back(told(seen, halved));
    }
    return found;
}

void check_text_search() {
    const TextReader one;
}

void prepare_text_search() {
    (void)reader();
}

}  // namespace bucky::inference
