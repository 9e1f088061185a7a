// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/results.h"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "dicom_sr/chest_cad/chest_cad.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/pages/summary.h"
#include "dicom_sr/presentation/presentation.h"
#include "dicom_sr/segmentation/segmentation.h"
#include "dicom_sr/verify.h"
#include "inference/pixels/display.h"

namespace bucky {
namespace {

namespace kind = dicom_sr::kind;

constexpr const char* kSegmentationClass = "1.2.840.10008.5.1.4.1.1.66.4";

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

/// The pictures that the report refers to as what explains its findings; the segments in their
/// stead where there are none.
std::vector<dicom_sr::Explanation> explanations_of(const std::vector<JudgedImage>& images,
                                                   const Requested& requested) {
    std::vector<dicom_sr::Explanation> explanations;
    const auto goes_out = [&](std::string_view kind) {
        return requested.kinds.contains(kind) || requested.beside.contains(kind);
    };
    for (const auto& judged : images) {
        const auto& image = judged.image;
        if (!dicom_sr::was_analysed(image.result) || !judged.is_pictured) continue;
        if (dicom_sr::present(image.result).empty()) continue;  // no finding to explain
        const auto add = [&](const char* kind, const Uid& sop_class) {
            const auto shown = dicom_sr::object_beside(kind, sop_class, image);
            explanations.push_back(
                {image.source.sop_instance, sop_class, shown.sop_instance, shown.series});
        };
        if (goes_out(kind::kOverlay)) {
            add(kind::kOverlay, requested.picture_class);
        } else if (goes_out(kind::kSegmentation) && dicom_sr::has_outlines(image.result)) {
            add(kind::kSegmentation, Uid{kSegmentationClass});
        }
    }
    return explanations;
}

/// Collects objects; what is not fit to leave is remembered, all of it in one complaint.
class Collector {
public:
    Collector(const Requested& requested, inference::Decoder& decoder)
        : requested_(requested),
          decoder_(decoder),
          style_{requested.report.language, requested.longer_side_px,
                 requested.report.software_version, requested.picture_class, requested.marking} {}

    bool wants(std::string_view kind) const { return requested_.kinds.contains(kind); }

    void add(dicom_sr::Object object, const dicom_sr::Source& source) {
        for (const auto& words : dicom_sr::verify(object, source)) {
            complaints_.push_back(fmt::format("{}: {}", object.kind, words));
        }
        objects_.push_back(std::move(object));
    }

    /// What stands on the image without showing its pixels.
    void add_segments(const dicom_sr::ReportedImage& image) {
        if (!wants(kind::kSegmentation) || !dicom_sr::has_outlines(image.result)) return;
        add(dicom_sr::segmentation(image, style_.language, style_.software_version), image.source);
    }

    /// What shows the image's own pixels, or how they are shown: decoded once for all of it.
    void add_pictures(const JudgedImage& judged) {
        const auto& image = judged.image;
        const bool small = wants(kind::kSummary) && small_.size() < dicom_sr::kSummaryImagesMax;
        if (!small) add_unseen(image);
        if (!wants(kind::kOverlay) && !wants(kind::kPresentation) && !small) return;
        const auto grey = inference::render_for_display(judged.file, decoder_);
        const dicom_sr::GreyView view{grey.rows, grey.columns, grey.pixels, grey.pixel_ratio};
        if (wants(kind::kOverlay)) {
            const auto drawing = dicom_sr::draw_overlay(image, view, style_);
            add(dicom_sr::secondary_capture(image, drawing, style_), image.source);
        }
        if (wants(kind::kPresentation)) {
            add(dicom_sr::presentation_state(image, softcopy_of(grey.rules),
                                             {style_.language, style_.software_version}),
                image.source);
        }
        if (small) small_.push_back(dicom_sr::thumbnail(image, view));
    }

    /// In the summary it stands without its pixels.
    void add_unseen(const dicom_sr::ReportedImage& image) {
        if (wants(kind::kSummary)) small_.push_back({&image, 0, 0, {}});
    }

    /// What says in words that there are no pixels to show.
    void add_notice(const dicom_sr::ReportedImage& image) {
        if (wants(kind::kNotice)) {
            const auto drawing = dicom_sr::draw_notice(image, style_);
            add(dicom_sr::notice_capture(image, drawing, style_), image.source);
        }
        add_unseen(image);
    }

    void add_summary() {
        if (!wants(kind::kSummary)) return;
        const auto& images = requested_.report.images;
        add(dicom_sr::summary_capture(images, dicom_sr::draw_summary(small_, style_), style_),
            images.front().source);
    }

    std::vector<dicom_sr::Object> finish() {
        if (!complaints_.empty()) {
            throw Error(Fault::corrupt, "not fit to leave: {}", fmt::join(complaints_, "; "));
        }
        return std::move(objects_);
    }

private:
    const Requested& requested_;
    inference::Decoder& decoder_;
    const dicom_sr::OverlayStyle style_;
    std::vector<dicom_sr::SummaryImage> small_;
    std::vector<dicom_sr::Object> objects_;
    std::vector<std::string> complaints_;
};

}  // namespace

bool has_finding(const JudgedImage& judged) {
    return dicom_sr::was_analysed(judged.image.result) &&
           std::ranges::any_of(judged.image.result.findings, [](const auto& finding) {
               return finding.answer != inference::Answer::absent;
           });
}

void choose_pictured(std::vector<JudgedImage>& images) {
    auto pictured = static_cast<std::size_t>(std::ranges::count_if(images, has_finding));
    std::size_t noticed = 0;
    for (auto& judged : images) {
        auto& so_far = dicom_sr::was_analysed(judged.image.result) ? pictured : noticed;
        judged.is_pictured = has_finding(judged) || so_far++ < kPicturedImagesMax;
    }
}

std::vector<dicom_sr::Object> results_of(const std::vector<JudgedImage>& images,
                                         Requested requested, inference::Decoder& decoder) {
    if (images.empty()) throw Error(Fault::bug, "results are asked for without an image");
    auto& report = requested.report;
    report.images.clear();
    report.content_at_ms = images.front().image.result.started_at_ms;
    for (const auto& judged : images) {
        report.content_at_ms = std::min(report.content_at_ms, judged.image.result.started_at_ms);
        report.images.push_back(judged.image);
    }
    report.explanations = explanations_of(images, requested);
    Collector results{requested, decoder};
    if (results.wants(kind::kReport)) {
        results.add(dicom_sr::measurement_report(report), report.images.front().source);
    }
    if (results.wants(kind::kChestCad)) {
        results.add(dicom_sr::chest_cad(report), report.images.front().source);
    }
    for (const auto& judged : images) {
        if (!judged.is_pictured) {
            results.add_unseen(judged.image);
        } else if (dicom_sr::was_analysed(judged.image.result)) {
            results.add_pictures(judged);
            results.add_segments(judged.image);
        } else {
            results.add_notice(judged.image);
        }
    }
    results.add_summary();
    return results.finish();
}

}  // namespace bucky
