// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/drawings.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace bucky {
namespace {

/// A square of 0..1 on both axes within a drawing of 240 x 240 units.
constexpr double kLeft = 30, kTop = 8, kSide = 200;
constexpr int kBars = 20;

double x_of(double value) {
    return kLeft + value * kSide;
}
double y_of(double value) {
    return kTop + (1 - value) * kSide;
}

enum class Upright { shares, none };  ///< what the numbers beside the square are

std::string axes(std::string_view below, std::string_view beside,
                 Upright upright = Upright::shares) {
    std::string drawn = fmt::format(R"(<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>)",
                                    kLeft, kTop, kSide, kSide);
    for (const double tick : {0.0, 0.5, 1.0}) {
        drawn += fmt::format(R"(<text x="{:.0f}" y="{:.0f}" text-anchor="middle">{}</text>)",
                             x_of(tick), kTop + kSide + 12, tick);
        if (upright == Upright::none) continue;
        drawn += fmt::format(R"(<text x="{:.0f}" y="{:.0f}" text-anchor="end">{}</text>)",
                             kLeft - 4, y_of(tick) + 4, tick);
    }
    return drawn + fmt::format(R"(<text x="{:.0f}" y="{:.0f}" text-anchor="middle">{}</text>)"
                               R"(<text x="9" y="{:.0f}" text-anchor="middle" )"
                               R"s(transform="rotate(-90 9 {:.0f})">{}</text>)s",
                               kLeft + kSide / 2, kTop + kSide + 26, html(below), kTop + kSide / 2,
                               kTop + kSide / 2, html(beside));
}

std::string square(std::string_view label, const std::string& content) {
    return fmt::format(R"(<svg class="square" viewBox="0 0 240 240" role="img" aria-label="{}">)"
                       "{}</svg>",
                       html(label), content);
}

/// Of sorted values, 0..1.
double quantile(const std::vector<double>& sorted, double share) {
    const auto last = static_cast<double>(sorted.size() - 1);
    const double at = share * last;
    const auto low = static_cast<std::size_t>(at);
    const auto high = std::min(low + 1, sorted.size() - 1);
    return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

std::array<std::size_t, kBars> bars_of(std::span<const double> scores) {
    std::array<std::size_t, kBars> bars{};
    for (const double score : scores) {
        const int bar = std::clamp(static_cast<int>(score * kBars), 0, kBars - 1);
        ++bars[static_cast<std::size_t>(bar)];
    }
    return bars;
}

}  // namespace

std::string html(std::string_view text) {
    std::string made;
    for (const char c : text) {
        switch (c) {
            case '&': made += "&amp;"; break;
            case '<': made += "&lt;"; break;
            case '>': made += "&gt;"; break;
            case '"': made += "&quot;"; break;
            default: made += c;
        }
    }
    return made;
}

std::string roc_drawing(std::span<const Curve> curves) {
    std::string drawn = axes("1 - specificity", "sensitivity");
    drawn += fmt::format(R"(<line class="chance" x1="{}" y1="{}" x2="{}" y2="{}"/>)", x_of(0),
                         y_of(0), x_of(1), y_of(1));
    for (std::size_t i = 0; i < curves.size(); ++i) {
        if (curves[i].points.empty()) continue;
        std::string points;
        for (const auto& point : curves[i].points) {
            fmt::format_to(std::back_inserter(points), "{:.1f},{:.1f} ",
                           x_of(point.one_less_specificity), y_of(point.sensitivity));
        }
        drawn += fmt::format(R"(<polyline class="m{0}" points="{1}"/>)"
                             R"(<circle class="f{0}" cx="{2:.1f}" cy="{3:.1f}" r="4"/>)",
                             i, points, x_of(curves[i].one_less_specificity),
                             y_of(curves[i].sensitivity));
    }
    return square("ROC curve", drawn);
}

std::string histogram_drawing(std::span<const double> scores, std::span<const double> marked,
                              double threshold) {
    const auto all = bars_of(scores), strong = bars_of(marked);
    const double most =
        static_cast<double>(std::max<std::size_t>(1, *std::ranges::max_element(all)));
    std::string drawn = axes("score", "images", Upright::none);
    const double width = kSide / kBars;
    for (std::size_t i = 0; i < all.size(); ++i) {
        for (const auto& [bars, name] : {std::pair{all, "bar"}, std::pair{strong, "strong"}}) {
            if (bars[i] == 0) continue;
            const double height = std::max(1.0, static_cast<double>(bars[i]) / most * (kSide - 10));
            drawn += fmt::format(
                R"(<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)", name,
                x_of(static_cast<double>(i) / kBars) + 0.5, y_of(0) - height, width - 1, height);
        }
    }
    drawn += fmt::format(R"(<line class="limit" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/>)",
                         x_of(threshold), y_of(1), y_of(0));
    return square("Histogram of scores", drawn);
}

std::string scatter_drawing(std::span<const std::pair<double, double>> scores, double threshold_x,
                            double threshold_y) {
    std::string drawn = axes("score, in use", "score, candidate");
    std::string points;
    for (const auto& [x, y] : scores) {
        fmt::format_to(std::back_inserter(points), "M{:.1f} {:.1f}h0", x_of(x), y_of(y));
    }
    drawn += fmt::format(R"(<path class="points" d="{}"/>)"
                         R"(<line class="limit" x1="{:.1f}" y1="{}" x2="{:.1f}" y2="{}"/>)"
                         R"(<line class="limit" x1="{}" y1="{:.1f}" x2="{}" y2="{:.1f}"/>)",
                         points, x_of(threshold_x), y_of(0), x_of(threshold_x), y_of(1), x_of(0),
                         y_of(threshold_y), x_of(1), y_of(threshold_y));
    return square("Scores of two models", drawn);
}

std::string strip_drawing(std::vector<double> scores, double threshold) {
    if (scores.empty()) return "";
    std::ranges::sort(scores);
    const auto at = [&](double share) { return 100 * quantile(scores, share); };
    return fmt::format(
        R"(<svg class="strip" viewBox="0 0 100 12" role="img" aria-label="median {:.2f}">)"
        R"(<line class="thin" x1="0" y1="6" x2="100" y2="6"/>)"
        R"(<rect class="wide" x="{:.1f}" y="5" width="{:.1f}" height="2"/>)"
        R"(<rect class="half" x="{:.1f}" y="3" width="{:.1f}" height="6"/>)"
        R"(<rect class="middle" x="{:.1f}" y="1" width="1.5" height="10"/>)"
        R"(<rect class="tick" x="{:.1f}" y="0" width="0.8" height="12"/></svg>)",
        quantile(scores, 0.5), at(0.05), std::max(0.6, at(0.95) - at(0.05)), at(0.25),
        std::max(0.6, at(0.75) - at(0.25)), at(0.5) - 0.75, 100 * threshold - 0.4);
}

}  // namespace bucky
