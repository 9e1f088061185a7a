// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/pages/summary.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/document.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/canvas.h"
#include "dicom_sr/draw/capture.h"
#include "dicom_sr/draw/panel.h"

namespace bucky::dicom_sr {
namespace {

constexpr double kPageWidth = 1240;
constexpr double kNoticeWidth = 720;
constexpr double kEm = 16;
constexpr double kMargin = 1.2 * kEm;
constexpr Colour kInk{0.93, 0.93, 0.93, 1};

void draw_thumbnail(Canvas& canvas, const Thumbnail& small, double x, double y) {
    canvas.picture(small.grey, small.columns, small.rows, static_cast<std::uint32_t>(x),
                   static_cast<std::uint32_t>(y));
    for (const Told& told : findings_of(small.image)) {
        const auto& result = told.answer->result;
        if (result.columns == 0 || result.rows == 0) continue;
        if (told.finding->answer != inference::Answer::present) continue;
        const double across = static_cast<double>(small.columns) / result.columns;
        const double down = static_cast<double>(small.rows) / result.rows;
        const Mark mark = mark_of(told.place);
        for (const inference::Region& region : told.finding->regions) {
            std::vector<inference::Point> outline;
            for (const auto& point : region.outline) {
                outline.push_back({x + point.column * across, y + point.row * down});
            }
            canvas.polygon(outline, {mark.colour, 1.5, mark.dashes});
        }
    }
}

/// Writes the page from the top down; without `draw` only measures. Returns its height.
double lay_out_page(Canvas& canvas, std::span<const Thumbnail> images, const OverlayStyle& style,
                    bool draw) {
    const Words& say = words(style.language);
    double y = kMargin;
    const auto line = [&](std::string_view text, double size, bool bold) {
        const TextStyle look{size, bold, kInk, kPageWidth - 2 * kMargin};
        if (draw) canvas.text(kMargin, y, text, look);
        y += canvas.measure(text, look).height + 0.5 * kEm;
    };
    std::vector<ReportedImage> study;
    for (const Thumbnail& one : images)
        study.insert(study.end(), one.image.begin(), one.image.end());
    line(say.summary, 1.6 * kEm, true);
    const auto band = [&](std::string_view words, const Colour& colour) {
        y += lay_out_band(canvas, words, colour, {0, y, kPageWidth, 0}, kEm, draw);
    };
    const bool is_demonstration = std::ranges::any_of(study, [](const ReportedImage& image) {
        return image.result.model &&
               image.result.model->purpose == inference::Purpose::demonstration;
    });
    band(purpose_line(study, style.language), purpose_colour(is_demonstration));
    band(cleaned(study_verdict(study, style.language)), colour_of(tone_of(study)));
    y += 0.6 * kEm;
    const auto unread =
        std::ranges::count_if(images, [](const Thumbnail& one) { return !is_answered(one.image); });
    if (unread > 0) {
        line(fmt::format(fmt::runtime(say.of_images), unread, images.size(), say.some_not_analysed),
             kEm, true);
    }
    line(say.assists, kEm, true);
    if (unread < std::ssize(images)) line(say.score_means, kEm, false);
    const std::size_t shown = std::min(images.size(), kThumbnailsMax);
    for (std::size_t i = 0; i < shown; ++i) {
        line(fmt::format("{} / {}  {}", i + 1, images.size(),
                         image_words(images[i].image.source(), style.language)),
             1.1 * kEm, true);
        if (draw && !images[i].grey.empty()) draw_thumbnail(canvas, images[i], kMargin, y);
        const double left = kMargin + kThumbnailSide + kEm;
        Panel panel = panel_of(images[i].image, style);
        for (auto* said_above : {&panel.purpose, &panel.assists, &panel.score_means}) {
            said_above->clear();
        }
        const double height =
            lay_out(canvas, panel, left, y, kPageWidth - left - kMargin, kEm, draw);
        y += std::max<double>(height, images[i].rows) + kEm;
    }
    if (shown < images.size()) {
        line(fmt::format("+{} {}", images.size() - shown, say.more_in_report), kEm, false);
    }
    return y;
}

Drawing drawn(double width, const std::function<double(Canvas&, bool)>& write) {
    Canvas ruler(1, 1);
    const double height = write(ruler, false);
    Canvas canvas(static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(std::ceil(height)));
    (void)write(canvas, true);
    return canvas.finish();
}

}  // namespace

Drawing draw_summary(std::span<const Thumbnail> images, const OverlayStyle& style) {
    if (images.empty()) throw Error(Fault::bug, "a summary without an image");
    OverlayStyle plain = style;
    plain.marking = Marking::outline;  // a thumbnail is too small for heat
    return drawn(kPageWidth, [&](Canvas& canvas, bool draw) {
        return lay_out_page(canvas, images, plain, draw);
    });
}

Drawing draw_notice(const Answers& image, const OverlayStyle& style) {
    const Panel panel = panel_of(image, style);
    const std::string which = image_words(image.source(), style.language);
    const TextStyle look{1.1 * kEm, true, kInk, kNoticeWidth - 2 * kMargin};
    return drawn(kNoticeWidth, [&](Canvas& canvas, bool draw) {
        const double top = kMargin + canvas.measure(which, look).height + 0.5 * kEm;
        if (draw) canvas.text(kMargin, kMargin, which, look);
        return top + lay_out(canvas, panel, 0, top, kNoticeWidth, kEm, draw);
    });
}

Object notice_capture(const Answers& image, const Drawing& drawing, const OverlayStyle& style) {
    return captured({object_beside(ResultKind::notice, style.sop_class, image),
                     instance_number_after(image.source()),
                     "Words about the image, without its pixels.", image},
                    drawing, style);
}

Object summary_capture(const std::vector<ReportedImage>& images, const Drawing& drawing,
                       const OverlayStyle& style) {
    require_one_study(images);
    return captured(
        {object_of_study(ResultKind::summary, style.sop_class, images), "1",
         "Findings of all images of the study, drawn small. Not for measurement.", images},
        drawing, style);
}

}  // namespace bucky::dicom_sr
