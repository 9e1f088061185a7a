// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/panel.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "dicom_sr/draw/heat_colours.h"
#include "dicom_sr/draw/palette.h"

namespace bucky::dicom_sr {
namespace {

constexpr Colour kPaper{0, 0, 0, 1};
constexpr Colour kInk{0.93, 0.93, 0.93, 1};
constexpr Colour kFaint{0.68, 0.68, 0.68, 1};
constexpr Colour kWarning{1.0, 0.75, 0.3, 1};
constexpr Colour kRule{0.35, 0.35, 0.35, 1};
constexpr Colour kBandOfResearch{0.72, 0.78, 0.86, 1};
constexpr Colour kGrey{0.62, 0.62, 0.62, 1};

constexpr Colour rgb(unsigned hex) {
    return {(hex >> 16U) / 255.0, (hex >> 8U & 0xFFU) / 255.0, (hex & 0xFFU) / 255.0, 1};
}

/// Those of Okabe and Ito's colours that are visible on black: readers with any of the three kinds
/// of colour blindness can tell them apart. Then those of the panel.
constexpr Colour kDrawn[] = {rgb(0xE69F00), rgb(0x56B4E9), rgb(0xF0E442), rgb(0xCC79A7),
                             rgb(0x009E73), rgb(0xD55E00), kWarning,      kBandOfResearch};
constexpr std::size_t kHues = 6;  ///< of findings; the seventh finding is white

Colour hue_of(std::size_t finding) {
    const std::size_t at = finding % (kHues + 1);
    return at < kHues ? kDrawn[at] : rgb(0xFFFFFF);
}

const std::vector<double>& dashes(std::size_t finding) {
    static const std::vector<double> kDashes[] = {{}, {5, 3}, {1.5, 2.5}, {8, 2.5, 1.5, 2.5}};
    return kDashes[finding % std::size(kDashes)];
}

/// Writes from the top down, or only measures.
class Writer {
public:
    Writer(Canvas& canvas, double x, double y, double width, double em, bool draw)
        : canvas_(canvas), x_(x), y_(y), width_(width), em_(em), draw_(draw) {}

    void paragraph(std::string_view words, const Colour& colour, double size, bool bold) {
        const TextStyle style{size * em_, bold, colour, width_};
        const Extent extent = canvas_.measure(words, style);
        if (draw_) canvas_.text(x_, y_, words, style);
        y_ += extent.height + 0.35 * em_;
    }

    void title_row(const std::array<std::string, 4>& titles) {
        if (is_narrow()) return;
        cells({titles[0], titles[1], titles[2], titles[3]}, kFaint, false);
    }

    void row(const PanelRow& row, const std::string& threshold_title) {
        if (!row.heading.empty()) {
            space(0.2);
            return paragraph(row.heading, kInk, 1, true);
        }
        const Colour& ink =
            row.present ? row.mark.colour : kInk;  // only what is outlined has a colour
        const bool bold = row.present || row.undetermined;
        if (draw_ && row.drawn) {
            const double middle = y_ + 0.75 * em_;
            canvas_.line({x_, middle}, {x_ + kSwatch * em_ * 0.8, middle},
                         {row.mark.colour, std::max(1.5, em_ / 9), row.mark.dashes});
        }
        if (is_narrow()) {
            const TextStyle style{em_, bold, ink, width_ - kSwatch * em_};
            const std::string words = fmt::format("{}\n{}  ({} {})  {}", row.name, row.score,
                                                  threshold_title, row.threshold, row.answer);
            if (draw_) canvas_.text(x_ + kSwatch * em_, y_, words, style);
            y_ += canvas_.measure(words, style).height + 0.3 * em_;
            return;
        }
        cells({row.name, row.score, row.threshold, row.answer}, ink, bold);
    }

    void heat_bar(std::string_view words, std::size_t package) {
        constexpr int kSteps = 48;
        const double height = 0.9 * em_;
        const double bar = std::min(10 * em_, 0.4 * width_);
        const double top = y_ + 0.25 * em_;
        for (int i = 0; draw_ && i < kSteps; ++i) {
            Colour colour = heat_colour(kHeatFrom + (1 - kHeatFrom) * (i + 0.5) / kSteps, package);
            colour.alpha /= kHeatOpacity;
            canvas_.fill({x_ + bar * i / kSteps, top, bar / kSteps + 0.5, height}, colour);
        }
        const TextStyle style{0.9 * em_, false, kInk, width_ - bar - 0.8 * em_};
        const std::string range = fmt::format("{} - 1  {}", kHeatFrom, words);
        if (draw_) canvas_.text(x_ + bar + 0.8 * em_, y_, range, style);
        y_ += std::max(canvas_.measure(range, style).height, height) + 0.5 * em_;
    }

    void space(double ems) { y_ += ems * em_; }
    double y() const { return y_; }

private:
    static constexpr double kSwatch = 3.2;  // columns, in ems
    static constexpr double kScore = 4;
    static constexpr double kThreshold = 6;
    static constexpr double kAnswer = 8;

    bool is_narrow() const { return width_ < (kSwatch + kScore + kThreshold + kAnswer + 9) * em_; }

    void cells(const std::array<std::string_view, 4>& words, const Colour& ink, bool bold) {
        const double name =
            std::min(width_ - (kSwatch + kScore + kThreshold + kAnswer) * em_, 24 * em_);
        const double widths[] = {name - 0.5 * em_, kScore * em_, kThreshold * em_, kAnswer * em_};
        double left = x_ + kSwatch * em_;
        double tallest = 0;
        for (std::size_t i = 0; i < words.size(); ++i) {
            const TextStyle style{em_, bold, ink, widths[i]};
            if (draw_) canvas_.text(left, y_, words[i], style);
            tallest = std::max(tallest, canvas_.measure(words[i], style).height);
            left += widths[i] + (i == 0 ? 0.5 * em_ : 0);
        }
        y_ += tallest + 0.15 * em_;
    }

    Canvas& canvas_;
    double x_, y_, width_, em_;
    bool draw_;
};

void write_legend(Writer& writer, const Panel& panel) {
    if (panel.rows.empty()) return;
    writer.title_row(panel.titles);
    for (const PanelRow& row : panel.rows) writer.row(row, panel.titles[2]);
    for (std::size_t i = 0; i < panel.heat.size(); ++i) writer.heat_bar(panel.heat[i], i);
}

void write_notes(Writer& writer, const Panel& panel) {
    if (!panel.assists.empty()) writer.paragraph(panel.assists, kInk, 1, true);
    for (const auto* sentence : {&panel.score_means, &panel.intended_use}) {
        if (!sentence->empty()) writer.paragraph(*sentence, kFaint, 0.9, false);
    }
    for (const std::string& note : panel.notes) writer.paragraph(note, kFaint, 0.9, false);
}

}  // namespace

Mark mark_of(std::size_t finding) {
    return {hue_of(finding), dashes(finding)};
}

std::span<const Colour> drawn_colours() {
    return kDrawn;
}

std::array<std::uint16_t, 3> cie_lab(const Colour& colour) {
    const auto linear = [](double v) {  // IEC 61966-2-1
        return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    };
    const double r = linear(colour.red);
    const double g = linear(colour.green);
    const double b = linear(colour.blue);
    // sRGB to XYZ, adapted from D65 to D50 (Bradford), over the D50 white
    const double x = (0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / 0.9642;
    const double y = 0.2225045 * r + 0.7168786 * g + 0.0606169 * b;
    const double z = (0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / 0.8251;
    const auto f = [](double t) { return t > 0.008856 ? std::cbrt(t) : 7.787 * t + 16.0 / 116; };
    const auto scaled = [](double part) {
        return static_cast<std::uint16_t>(std::lround(std::min(std::max(part, 0.0), 1.0) * 65535));
    };
    return {scaled((116 * f(y) - 16) / 100), scaled((500 * (f(x) - f(y)) + 128) / 255),
            scaled((200 * (f(y) - f(z)) + 128) / 255)};
}

Colour colour_of(Tone tone) {
    switch (tone) {
        case Tone::found: return kWarning;
        case Tone::none: return kGrey;
        case Tone::unread: return kDrawn[1];
    }
    __builtin_unreachable();
}

double lay_out_band(Canvas& canvas, std::string_view words, const Colour& colour, const Rect& at,
                    double em, bool draw) {
    if (words.empty()) return 0;
    const double margin = 0.9 * em;
    const TextStyle style{1.3 * em, true, kPaper, at.width - 2 * margin};
    const double height = canvas.measure(words, style).height + 0.8 * em;
    if (draw) {
        canvas.fill({at.x, at.y, at.width, height}, colour);
        canvas.text(at.x + margin, at.y + 0.4 * em, words, style);
    }
    return height;
}

Colour purpose_colour(bool demonstration) {  // none of a verdict's
    return demonstration ? kDrawn[3] : kBandOfResearch;
}

double lay_out(Canvas& canvas, const Panel& panel, double x, double y, double width, double em,
               bool draw) {
    const double margin = 0.9 * em;
    const double inner = width - 2 * margin;
    const bool two_columns = inner > 58 * em && !panel.rows.empty();
    const double legend_width = two_columns ? std::min(0.52 * inner, 42 * em) : inner;
    const auto bands = [&](bool really) {
        const double purpose =
            lay_out_band(canvas, panel.purpose, purpose_colour(panel.demonstration),
                         {x, y, width, 0}, em, really);
        return purpose + lay_out_band(canvas, panel.verdict, colour_of(panel.tone),
                                      {x, y + purpose, width, 0}, em, really);
    };
    const double band = bands(false);

    const auto write = [&](bool really) {
        Writer head(canvas, x + margin, y + band + 0.6 * em, inner, em, really);
        if (!panel.not_detected.empty()) head.paragraph(panel.not_detected, kInk, 1, false);
        for (const std::string& warning : panel.warnings) {
            head.paragraph(warning, kWarning, 1, true);
        }
        Writer legend(canvas, x + margin, head.y(), legend_width, em, really);
        write_legend(legend, panel);
        legend.space(0.4);
        const double left = two_columns ? legend_width + 1.5 * em : 0;
        Writer notes(canvas, x + margin + left, two_columns ? head.y() : legend.y(), inner - left,
                     em, really);
        write_notes(notes, panel);
        return std::max(legend.y(), notes.y()) - y + 0.6 * em;
    };
    const double height = write(false);
    if (draw) {
        canvas.fill({x, y, width, height}, kPaper);
        canvas.fill({x, y, width, std::max(1.0, em / 14)}, kRule);
        (void)bands(true);
        (void)write(true);
    }
    return height;
}

}  // namespace bucky::dicom_sr
