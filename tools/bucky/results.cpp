// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/results.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "dicom_sr/overlay.h"
#include "dicom_sr/presentation.h"
#include "dicom_sr/verify.h"
#include "inference/display.h"

namespace bucky {
namespace {

namespace kind = dicom_sr::kind;
using inference::Verdict;

bool is_analysed(const inference::ImageResult& result) {
    return result.verdict == Verdict::findings || result.verdict == Verdict::no_findings;
}

std::optional<dicom_sr::Softcopy::Table> table_of(
    const std::optional<inference::LookupTable>& table) {
    if (!table) return std::nullopt;
    return dicom_sr::Softcopy::Table{table->first, table->bits, table->entries};
}

std::string function_of(const inference::Window& window) {  // VOI LUT Function (0028,1056)
    switch (window.function) {
        case inference::Window::Function::linear: return "";
        case inference::Window::Function::linear_exact: return "LINEAR_EXACT";
        case inference::Window::Function::sigmoid: return "SIGMOID";
    }
    __builtin_unreachable();
}

dicom_sr::Softcopy softcopy_of(const inference::GreyRules& rules) {
    dicom_sr::Softcopy grey;
    grey.modality_lut = table_of(rules.modality_lut);
    grey.slope = rules.slope;
    grey.intercept = rules.intercept;
    grey.voi_lut = table_of(rules.voi_lut);
    if (rules.window) {
        grey.window_center = rules.window->center;
        grey.window_width = rules.window->width;
        grey.function = function_of(*rules.window);
    }
    grey.inverse = rules.inverse;
    return grey;
}

/// Collects objects; what is not fit to leave is remembered, all of it in one complaint.
class Collector {
public:
    Collector(const Wanted& wanted, inference::Decoder& decoder)
        : wanted_(wanted), decoder_(decoder) {}

    bool wants(std::string_view kind) const { return wanted_.kinds.contains(kind); }

    void add(dicom_sr::Object object, const dicom_sr::Source& source) {
        for (const auto& words : dicom_sr::verify(object, source)) {
            complaints_.push_back(fmt::format("{}: {}", object.kind, words));
        }
        objects_.push_back(std::move(object));
    }

    /// What shows the image's own pixels or stands on them: they are decoded once for all of it.
    void add_pictures(const JudgedImage& judged) {
        const auto& image = judged.image;
        if (!wants(kind::kOverlay) && !wants(kind::kPresentation)) return;
        const auto grey = inference::render_for_display(judged.file, decoder_);
        if (wants(kind::kOverlay)) {
            const dicom_sr::OverlayStyle style{wanted_.report.language, wanted_.longer_side_px,
                                               wanted_.report.software_version,
                                               wanted_.picture_class};
            const auto drawing = dicom_sr::draw_overlay(
                image, {grey.rows, grey.columns, grey.pixels, grey.pixel_ratio}, style);
            add(dicom_sr::secondary_capture(image, drawing, style), image.source);
        }
        if (wants(kind::kPresentation)) {
            add(dicom_sr::presentation_state(
                    image, softcopy_of(grey.rules),
                    {wanted_.report.language, wanted_.report.software_version}),
                image.source);
        }
    }

    std::vector<dicom_sr::Object> finish() {
        if (!complaints_.empty()) {
            throw Error(Fault::corrupt, "not fit to leave: {}", fmt::join(complaints_, "; "));
        }
        return std::move(objects_);
    }

private:
    const Wanted& wanted_;
    inference::Decoder& decoder_;
    std::vector<dicom_sr::Object> objects_;
    std::vector<std::string> complaints_;
};

}  // namespace

std::vector<dicom_sr::Object> results_of(const std::vector<JudgedImage>& images, Wanted wanted,
                                         inference::Decoder& decoder) {
    if (images.empty()) throw Error(Fault::bug, "results are asked for without an image");
    auto& report = wanted.report;
    report.images.clear();
    report.content_at_ms = images.front().image.result.started_at_ms;
    for (const auto& [image, file] : images) {
        report.content_at_ms = std::min(report.content_at_ms, image.result.started_at_ms);
        report.images.push_back(image);
    }
    Collector results{wanted, decoder};
    if (results.wants(kind::kReport)) {
        results.add(dicom_sr::measurement_report(report), report.images.front().source);
    }
    std::size_t pictured = 0;
    for (const auto& judged : images) {
        if (!is_analysed(judged.image.result) || pictured == kPicturedImagesMax) continue;
        results.add_pictures(judged);
        ++pictured;
    }
    return results.finish();
}

}  // namespace bucky
