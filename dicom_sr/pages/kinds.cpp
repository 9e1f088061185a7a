// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/kind.h"

#include "dicom_sr/draw/check_picture.h"
#include "dicom_sr/pages/summary.h"

namespace bucky::dicom_sr {
namespace {

constexpr double kNoticePixels = 720 * 400;
constexpr double kSummaryPixels = 1240 * 5000;  ///< kThumbnailsMax images on one page

Object make_notice(const Material& of) {
    const Answers image{of.images};
    return notice_capture(image, draw_notice(image, of.style), of.style);
}

Object make_summary(const Material& of) {
    return summary_capture(of.report.images, draw_summary(of.thumbnails, of.style), of.style);
}

}  // namespace

template <>
KindParts parts<ResultKind::notice>() {
    return {.make = make_notice,
            .check = check_picture,
            .applies = always,
            .pixels_drawn = [](const Source&, double) { return kNoticePixels; }};
}

template <>
KindParts parts<ResultKind::summary>() {
    return {.make = make_summary,
            .check = check_picture,
            .applies = always,
            .pixels_drawn = [](const Source&, double) { return kSummaryPixels; }};
}

}  // namespace bucky::dicom_sr
