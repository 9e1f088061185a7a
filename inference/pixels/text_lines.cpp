// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/text_lines.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>

#include <leptonica/allheaders.h>

namespace bucky::inference {
namespace {

/// Side of the square that no stroke of a letter holds, and that its surroundings do.
constexpr int kStroke = 9;

/// Heights of lines; a view of half the size has the higher ones.
constexpr int kHeightMin = 7, kHeightMax = 34;

/// Gaps that are closed along a line: between letters, and between words.
constexpr std::array kGaps{11, 21};

/// A picture smaller than this is enlarged: its letters may be 7 pixels high.
constexpr int kEnlargedBelow = 900;
constexpr int kViewSideMin = 128;

/// A line that is no longer than this for its height, of so few pieces, is one letter: a side
/// marker.
constexpr double kOneLetter = 2.2;
constexpr int kOneLetterPieces = 2;

/// How much strokes must differ from what is around them, of 255.
constexpr int kContrastMin = 22;

using Histogram = std::array<double, 256>;

struct Feature {
    double mean, deviation, weight;
};

/// Fitted; in the order of measures_of().
constexpr std::array<Feature, kLineMeasures> kScore{{
    {0.8873, 0.7121, 1.971},
    {4.026, 0.6975, 0.6466},
    {-1.521, 0.7283, -1.76},
    {-0.973, 0.7463, 0.5079},
    {0.7612, 0.08084, 1.242},
    {0.1347, 0.714, -1.066},
    {1.392, 0.7303, 1.362},
    {0.167, 0.3846, 1.581},
    {0.3295, 0.1545, -0.1564},
    {2.631, 0.4414, -1.006},
    {1.225, 0.4778, 0.8088},
    {0.3564, 0.6419, 0.3458},
}};
constexpr double kScoreBias = -0.5279;

/// A binary or grey picture whose pixels are read one by one.
class Pixels {
public:
    explicit Pixels(Pix* pix) : data_(pixGetData(pix)), words_(pixGetWpl(pix)) {}
    int grey(int column, int row) const { return GET_DATA_BYTE(line(row), column); }
    bool is_set(int column, int row) const { return GET_DATA_BIT(line(row), column) != 0; }

private:
    l_uint32* line(int row) const { return data_ + std::ptrdiff_t{row} * words_; }
    l_uint32* data_;
    int words_;
};

/// What stands out of the view: by how much, and where by more than the rest of it does.
struct Strokes {
    PixPtr contrast, mask;
    int limit = 0;  ///< contrast of the mask
};

int limit_of(Pix* contrast) {
    const Pixels pixels(contrast);
    const int columns = pixGetWidth(contrast), rows = pixGetHeight(contrast);
    std::array<std::int64_t, 256> counts{};
    for (int row = 0; row < rows; row += 2) {
        for (int column = 0; column < columns; column += 2) ++counts[pixels.grey(column, row)];
    }
    const auto all = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    std::int64_t below = 0;
    int ninth_tenth = 0;
    while (ninth_tenth < 255 && (below += counts[ninth_tenth]) * 10 < all * 9) ++ninth_tenth;
    return std::clamp(ninth_tenth * 8 / 5, kContrastMin, 250);
}

Strokes strokes_of(Pix* grey, bool dark) {
    Strokes strokes;
    strokes.contrast =
        owned(pixTophat(grey, kStroke, kStroke, dark ? L_TOPHAT_BLACK : L_TOPHAT_WHITE));
    strokes.limit = limit_of(strokes.contrast.get());
    const auto raw = owned(pixThresholdToBinary(strokes.contrast.get(), strokes.limit));
    (void)pixInvert(raw.get(), raw.get());
    strokes.mask =
        owned(pixSelectBySize(raw.get(), 2, 3, 8, L_SELECT_IF_EITHER, L_SELECT_IF_GTE, nullptr));
    return strokes;
}

Strokes turned(const Strokes& strokes) {
    return {owned(pixRotate90(strokes.contrast.get(), 1)),
            owned(pixRotate90(strokes.mask.get(), 1)), strokes.limit};
}

double deviation_of(double sum, double squares, double count) {
    if (count < 2) return 0;
    const double mean = sum / count;
    return std::sqrt(std::max(0.0, squares / count - mean * mean));
}

/// Deviation of a number that is added up pixel by pixel.
struct Spread {
    double count = 0, sum = 0, squares = 0;
    void add(double value) {
        ++count;
        sum += value;
        squares += value * value;
    }
    double deviation() const { return deviation_of(sum, squares, count); }
};

/// Between-class variance of the best threshold over the variance of all: near 1 where there are
/// two greys and little between them.
double two_greys(const Histogram& counts, const Spread& all) {
    const double variance = all.deviation() * all.deviation();
    if (variance <= 0) return 0;
    double below = 0, sum = 0, best = 0;
    for (std::size_t level = 0; level < 255; ++level) {
        below += counts[level];
        sum += counts[level] * static_cast<double>(level);
        const double above = all.count - below;
        if (below == 0 || above == 0) continue;
        const double apart = sum / below - (all.sum - sum) / above;
        best = std::max(best, below * above * apart * apart / (all.count * all.count));
    }
    return best / variance;
}

/// Strokes that a horizontal cut through the middle of the line meets.
double strokes_a_row(const Pixels& mask, const PixelBox& at) {
    int met = 0, rows = 0;
    for (int row = at.row + at.rows / 5; row < at.bottom() - at.rows / 5; ++row, ++rows) {
        bool before = false;
        for (int column = at.column; column < at.right(); ++column) {
            const bool now = mask.is_set(column, row);
            met += now != before ? 1 : 0;
            before = now;
        }
    }
    return met / 2.0 / std::max(1, rows);
}

/// The contrast that a fifth of the strokes' pixels exceeds.
double contrast_of(std::vector<int>& inked) {
    if (inked.empty()) return 1;
    const auto at = inked.begin() + static_cast<std::ptrdiff_t>(inked.size() * 8 / 10);
    std::nth_element(inked.begin(), at, inked.end());
    return std::max(1, *at);
}

struct Measured {
    double contrast = 1, of_strokes = 0, of_ground = 0, two_greys = 0, between = 0;
};

Measured greys_of(Pix* view, const Strokes& strokes, const PixelBox& at) {
    const Pixels grey(view), contrast(strokes.contrast.get()), mask(strokes.mask.get());
    Histogram counts{};
    Spread all, ground, core;
    std::vector<int> inked;
    for (int row = at.row; row < at.bottom(); ++row) {
        for (int column = at.column; column < at.right(); ++column) {
            const int value = contrast.grey(column, row);
            ++counts[static_cast<std::size_t>(value)];
            all.add(value);
            if (mask.is_set(column, row)) {
                inked.push_back(value);
            } else {
                ground.add(grey.grey(column, row));
            }
        }
    }
    Measured got;
    got.contrast = contrast_of(inked);
    for (int row = at.row; row < at.bottom(); ++row) {
        for (int column = at.column; column < at.right(); ++column) {
            if (contrast.grey(column, row) >= 0.75 * got.contrast) {
                core.add(grey.grey(column, row));
            }
        }
    }
    double full = 0, half = 0;
    for (std::size_t level = 0; level < 256; ++level) {
        const auto value = static_cast<double>(level);
        if (value >= 0.7 * got.contrast) {
            full += counts[level];
        } else if (value > 0.3 * got.contrast) {
            half += counts[level];
        }
    }
    got.of_strokes = core.deviation() / got.contrast;
    got.of_ground = ground.deviation() / got.contrast;
    got.two_greys = two_greys(counts, all);
    got.between = half / std::max(1.0, full);
    return got;
}

int pieces_of(Pix* mask, const PixelBox& at) {
    l_int32 pieces = 0;
    (void)pixCountConnComp(clipped(mask, at).get(), 8, &pieces);
    return pieces;
}

double score_of(const std::array<double, kLineMeasures>& measures) {
    double score = kScoreBias;
    for (std::size_t i = 0; i < kLineMeasures; ++i) {
        score += kScore[i].weight * (measures[i] - kScore[i].mean) / kScore[i].deviation;
    }
    return score;
}

/// Appends the line at this place, unless it has too little of a line.
void measure(Pix* view, const Strokes& strokes, const PixelBox& at, std::vector<TextLine>& lines) {
    const double aspect = double{1} * at.columns / at.rows;
    l_int32 inked = 0;
    (void)pixCountPixels(clipped(strokes.mask.get(), at).get(), &inked, nullptr);
    const double fill = inked / at.area();
    if (fill < 0.12 || fill > 0.9) return;
    const double met = strokes_a_row(Pixels(strokes.mask.get()), at);
    if (met < 1.6 || met / aspect < 0.7) return;
    TextLine line;
    line.at = at;
    line.pieces = pieces_of(strokes.mask.get(), at);
    if (line.pieces <= kOneLetterPieces && aspect < kOneLetter) return;
    const auto greys = greys_of(view, strokes, at);
    line.measures = {std::log(greys.contrast / strokes.limit),
                     std::log(greys.contrast),
                     std::log(greys.of_strokes + 0.02),
                     std::log(greys.of_ground + 0.02),
                     greys.two_greys,
                     std::log(greys.between + 0.05),
                     std::log(met),
                     std::log(met / aspect),
                     fill,
                     std::log(double{1} * at.rows),
                     std::log(aspect),
                     std::log(line.pieces / aspect + 0.05)};
    line.score = score_of(line.measures);
    lines.push_back(line);
}

struct DestroyBoxes {
    void operator()(Boxa* boxes) const noexcept { boxaDestroy(&boxes); }
};

std::vector<TextLine> lines_along_rows(Pix* view, const Strokes& strokes) {
    std::vector<TextLine> lines;
    for (const int gap : kGaps) {
        const auto closed = owned(pixCloseSafeBrick(nullptr, strokes.mask.get(), gap, 1));
        const std::unique_ptr<Boxa, DestroyBoxes> boxes{pixConnCompBB(closed.get(), 4)};
        const double aspect_min = gap == kGaps.front() ? 1.8 : 2.5;
        for (int i = 0; boxes && i < boxaGetCount(boxes.get()); ++i) {
            PixelBox at;
            (void)boxaGetBoxGeometry(boxes.get(), i, &at.column, &at.row, &at.columns, &at.rows);
            if (at.rows < kHeightMin || at.rows > kHeightMax) continue;
            if (at.columns < aspect_min * at.rows) continue;
            measure(view, strokes, at, lines);
        }
    }
    return lines;
}

View view_of(PixPtr upright, double scale) {
    auto aside = owned(pixRotate90(upright.get(), 1));
    return {std::move(upright), std::move(aside), scale};
}

bool is_below(Pix* pix, int side) {
    return std::min(pixGetWidth(pix), pixGetHeight(pix)) < side;
}

}  // namespace

PixelBox View::in_picture(const TextLine& line) const {
    PixelBox at = line.at;
    if (line.is_turned) {  // the turned column r' is the row from below
        at = {line.at.row, pixGetHeight(upright.get()) - line.at.right(), line.at.rows,
              line.at.columns};
    }
    const auto scaled = [&](int pixels) { return static_cast<int>(std::lround(pixels * scale)); };
    return {scaled(at.column), scaled(at.row), std::max(1, scaled(at.columns)),
            std::max(1, scaled(at.rows))};
}

std::vector<View> views_of(PixPtr picture) {
    std::vector<View> views;
    double scale = 1;
    if (is_below(picture.get(), kEnlargedBelow)) {
        views.push_back(view_of(owned(pixScale(picture.get(), 2, 2)), scale / 2));
    }
    while (true) {
        const bool is_last = is_below(picture.get(), kViewSideMin);
        auto half = is_last ? PixPtr{} : owned(pixScaleAreaMap2(picture.get()));
        views.push_back(view_of(std::move(picture), scale));
        if (is_last) return views;
        picture = std::move(half);
        scale *= 2;
    }
}

std::vector<TextLine> lines_in(const View& view) {
    std::vector<TextLine> lines;
    for (const bool dark : {false, true}) {
        const Strokes strokes = strokes_of(view.upright.get(), dark);
        for (const bool is_turned : {false, true}) {
            auto found = is_turned ? lines_along_rows(view.turned.get(), turned(strokes))
                                   : lines_along_rows(view.upright.get(), strokes);
            for (TextLine& line : found) {
                line.is_turned = is_turned;
                line.is_dark = dark;
            }
            lines.insert(lines.end(), found.begin(), found.end());
        }
    }
    return lines;
}

}  // namespace bucky::inference
