// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/overlay/overlay.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/canvas.h"
#include "dicom_sr/draw/capture.h"
#include "dicom_sr/draw/heat_colours.h"
#include "dicom_sr/draw/label_layout.h"
#include "dicom_sr/draw/panel.h"
#include "dicom_sr/draw/resample.h"

namespace bucky::dicom_sr {
namespace {

using inference::Finding;
using inference::Point;

constexpr double kEmsOnLongerSide = 70;  // text scales with the picture ...
constexpr double kEmLeast = 12;          // ... but stays legible on the smallest
constexpr double kBesideBelow = 0.6;     // narrower than this, the panel stands beside

/// The layout of the picture: the image at the top left, the panel below it or to its right.
struct Plan {
    std::uint32_t columns = 0, rows = 0;  ///< of the drawn image
    double scale = 1, row_scale = 1;      ///< drawn pixels for one pixel of the image
    double em = kEmLeast;
    Rect panel;
};

/// One outline with what is written beside it.
struct Marked {
    Outline outline;  ///< in drawn pixels
    Mark mark;
    std::string words;
    bool drawn = true;  ///< false: heat shows the place instead
};

std::uint32_t pixels(double length) {
    return std::max(1U, static_cast<std::uint32_t>(std::lround(length)));
}

Plan plan_of(const GreyView& view, const Panel& panel, const OverlayStyle& style) {
    const double height = view.rows * view.pixel_ratio;  // in columns
    const double longer = std::max<double>(height, view.columns);
    Plan plan;
    plan.scale = drawn_scale(longer, style.longer_side);
    plan.row_scale = plan.scale * view.pixel_ratio;
    const auto [rows, columns] =
        drawn_size(view.rows, view.columns, view.pixel_ratio, style.longer_side);
    plan.rows = rows;
    plan.columns = columns;
    plan.em = std::max(kEmLeast, longer * plan.scale / kEmsOnLongerSide);
    const bool beside = plan.columns < kBesideBelow * plan.rows;
    plan.panel.x = beside ? plan.columns : 0;
    plan.panel.y = beside ? 0 : plan.rows;
    // Wide enough that no name of a finding breaks inside a word.
    plan.panel.width = std::max(beside ? 0.6 * plan.rows : plan.columns, 22 * plan.em);
    Canvas ruler(1, 1);
    plan.panel.height = std::ceil(
        lay_out(ruler, panel, plan.panel.x, plan.panel.y, plan.panel.width, plan.em, false));
    if (beside) plan.panel.height = std::max<double>(plan.panel.height, plan.rows);
    return plan;
}

std::vector<Marked> marks_of(const Answers& image, const Plan& plan, const OverlayStyle& style) {
    std::vector<Marked> marked;
    for (const auto& [answer, told, place] : findings_of(image)) {
        const Finding& finding = *told;
        if (finding.answer != inference::Answer::present) continue;
        for (std::size_t k = 0; k < finding.regions.size(); ++k) {
            Marked one;
            one.mark = mark_of(place);
            one.drawn = is_outlined(*answer, style);
            for (const Point& point : finding.regions[k].outline) {
                one.outline.push_back({point.column * plan.scale, point.row * plan.row_scale});
            }
            if (one.outline.size() < 3) continue;
            one.words = outline_label(*answer, finding, k, style.language);
            marked.push_back(std::move(one));
        }
    }
    return marked;
}

void draw_outlines(Canvas& canvas, const std::vector<Marked>& marked, double width) {
    constexpr Colour kHalo{0, 0, 0, 0.65};
    for (const Marked& one : marked) {
        if (one.drawn) canvas.polygon(one.outline, {kHalo, 2.4 * width, {}});
    }
    for (const Marked& one : marked) {
        if (one.drawn) canvas.polygon(one.outline, {one.mark.colour, width, one.mark.dashes});
    }
}

void draw_labels(Canvas& canvas, const std::vector<Marked>& marked, const Plan& plan,
                 double line_width) {
    constexpr Colour kPlate{0, 0, 0, 0.72};
    const double pad = 0.3 * plan.em;
    std::vector<Outline> outlines;
    for (const Marked& one : marked) outlines.push_back(one.outline);
    std::vector<Label> labels;
    for (std::size_t i = 0; i < marked.size(); ++i) {
        const TextStyle style{plan.em, true, marked[i].mark.colour, 0};
        const Extent words = canvas.measure(marked[i].words, style);
        labels.push_back({&outlines[i], {words.width + 2 * pad, words.height + pad}});
    }
    const Extent picture{static_cast<double>(plan.columns), static_cast<double>(plan.rows)};
    const auto placed = place_labels(outlines, labels, picture, 0.5 * plan.em);
    for (std::size_t i = 0; i < marked.size(); ++i) {
        if (!placed[i]) continue;
        const auto& [box, pointer, start] = *placed[i];
        if (pointer) canvas.line(start, *pointer, {marked[i].mark.colour, 0.6 * line_width, {}});
        canvas.fill(box, kPlate);
        canvas.text(box.x + pad, box.y + pad / 2, marked[i].words,
                    {plan.em, true, marked[i].mark.colour, 0});
    }
}

}  // namespace

Drawing draw_overlay(const Answers& image, const GreyView& view, const OverlayStyle& style) {
    if (view.rows == 0 || view.columns == 0) {
        throw Error(Fault::bug, "a picture of {} x {} cannot be drawn", view.rows, view.columns);
    }
    const Panel panel = panel_of(image, style);
    const Plan plan = plan_of(view, panel, style);
    const double columns = std::max<double>(plan.columns, plan.panel.x + plan.panel.width);
    const double rows = std::max<double>(plan.rows, plan.panel.y + plan.panel.height);

    Canvas canvas(pixels(std::ceil(columns)), pixels(std::ceil(rows)));
    if (view.size() == Size{plan.rows, plan.columns}) {
        canvas.picture(view.pixels, plan.columns, plan.rows);
    } else {
        canvas.picture(resampled(view, plan.rows, plan.columns), plan.columns, plan.rows);
    }
    const std::vector<Marked> marked = marks_of(image, plan, style);
    const double line_width = std::max(1.5, plan.em / 10);
    const auto heats = heats_of(image, style);
    for (std::size_t i = 0; i < heats.size(); ++i) {
        canvas.tint(heat_colours(heats[i], i), heats[i].columns, heats[i].rows,
                    {0, 0, static_cast<double>(plan.columns), static_cast<double>(plan.rows)});
    }
    draw_outlines(canvas, marked, line_width);
    draw_labels(canvas, marked, plan, line_width);
    (void)lay_out(canvas, panel, plan.panel.x, plan.panel.y, plan.panel.width, plan.em, true);
    return canvas.finish();
}

Object secondary_capture(const Answers& image, const Drawing& drawing, const OverlayStyle& style) {
    return captured(
        {object_beside(ResultKind::overlay, style.sop_class, image),
         instance_number_after(image.source()),
         "Windowed for display, resampled, findings drawn in. Not for measurement.", image},
        drawing, style);
}

}  // namespace bucky::dicom_sr
