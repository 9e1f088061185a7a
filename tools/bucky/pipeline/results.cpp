// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/results.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/kind.h"
#include "dicom_sr/verify.h"

namespace bucky {
namespace {

/// The first kind that explains the findings of an image, among those sent beside the report.
std::optional<Variant> explaining(const Requested& requested,
                                  std::span<const dicom_sr::ReportedImage> image) {
    for (const auto& row : kResultKinds) {
        if (!row.explains || !dicom_sr::parts_of(row.kind).applies(image)) continue;
        for (const auto* list : {&requested.variants, &requested.beside}) {
            const auto found = std::ranges::find(*list, row.kind, &Variant::kind);
            if (found != list->end()) return *found;
        }
    }
    return std::nullopt;
}

std::vector<dicom_sr::ReportedImage> answers_of(std::span<const JudgedImage> image) {
    std::vector<dicom_sr::ReportedImage> answers;
    for (const auto& judged : image) answers.push_back(judged.image);
    return answers;
}

std::vector<dicom_sr::Explanation> explanations_of(std::span<const JudgedImage> images,
                                                   const Requested& requested) {
    std::vector<dicom_sr::Explanation> explanations;
    for (const auto& image : by_image(images)) {
        if (!was_analysed(image) || !image.front().is_pictured) continue;
        const auto answers = answers_of(image);
        const dicom_sr::Answers all{answers};
        if (dicom_sr::told_in(all, inference::Answer::present).empty())
            continue;  // none to explain
        const auto variant = explaining(requested, answers);
        if (!variant) continue;
        const auto shown = dicom_sr::object_beside(variant->kind, variant->sop_class, all);
        explanations.push_back({.image = all.source().sop_instance,
                                .sop_class = variant->sop_class,
                                .sop_instance = shown.sop_instance,
                                .series = shown.series});
    }
    return explanations;
}

/// The picture of an image, made when the first object needs it.
class Pixels {
public:
    Pixels(const std::filesystem::path& file, const Requested& requested,
           inference::Decoder& decoder)
        : file_(file), requested_(requested), decoder_(decoder) {}

    const dicom_sr::Shown& shown() {
        if (!film_) {
            film_ = film();
            shown_ = {film_->view(), film_->grey};
        }
        return shown_;
    }

private:
    std::shared_ptr<const Film> film() {
        const auto side = requested_.longer_side_px;
        auto* films = requested_.films;
        if (auto kept = films == nullptr ? nullptr : films->film(file_, side)) return kept;
        auto made = std::make_shared<const Film>(film_of(decoder_.image(file_), side));
        if (films != nullptr) films->keep(file_, made, requested_.now_ms);
        return made;
    }

    const std::filesystem::path& file_;
    const Requested& requested_;
    inference::Decoder& decoder_;
    std::shared_ptr<const Film> film_;
    dicom_sr::Shown shown_;
};

/// Collects objects; the faults of all objects that fail their check go into one error.
class Collector {
public:
    Collector(Requested& requested, inference::Decoder& decoder)
        : requested_(requested),
          decoder_(decoder),
          style_{.language = requested.report.language,
                 .longer_side = requested.longer_side_px,
                 .software_version = requested.report.software_version,
                 .marking = requested.marking} {}

    void add_documents() { make(ResultScope::study, requested_.report.images, {}); }

    /// `answers` are those of requested_.report: thumbnails keep them.
    void add_image(std::span<const JudgedImage> image, const dicom_sr::Answers& answers) {
        Pixels pixels(image.front().file, requested_, decoder_);
        const bool is_analysed = was_analysed(image);
        const bool is_pictured = image.front().is_pictured;
        if (is_pictured) {
            make(is_analysed ? ResultScope::analysed_image : ResultScope::skipped_image, answers,
                 [&]() -> const dicom_sr::Shown& { return pixels.shown(); });
        }
        if (!wants(ResultScope::study_page)) return;
        const bool is_small =
            is_analysed && is_pictured && thumbnails_.size() < dicom_sr::kThumbnailsMax;
        thumbnails_.push_back(is_small ? dicom_sr::thumbnail(answers, pixels.shown().view)
                                       : dicom_sr::Thumbnail{answers, 0, 0, {}});
    }

    void add_pages() { make(ResultScope::study_page, requested_.report.images, {}); }

    std::vector<dicom_sr::Object> finish() {
        if (!complaints_.empty()) {
            throw Error(Fault::corrupt, "not fit to leave: {}", fmt::join(complaints_, "; "));
        }
        return std::move(objects_);
    }

private:
    bool wants(ResultScope scope) const {
        return std::ranges::any_of(requested_.variants, [&](const Variant& one) {
            return row_of(one.kind).scope == scope;
        });
    }

    void make(ResultScope scope, std::span<const dicom_sr::ReportedImage> images,
              std::function<const dicom_sr::Shown&()> shown) {
        const dicom_sr::Material material{.report = requested_.report,
                                          .style = style_,
                                          .images = images,
                                          .shown = std::move(shown),
                                          .thumbnails = thumbnails_};
        for (const auto& [kind, sop_class] : requested_.variants) {
            const auto& parts = dicom_sr::parts_of(kind);
            if (row_of(kind).scope != scope || !parts.applies(images)) continue;
            requested_.report.sop_class = sop_class;
            style_.sop_class = sop_class;
            add(parts.make(material), images.front().source);
        }
    }

    void add(dicom_sr::Object object, const dicom_sr::Source& source) {
        for (const auto& words : dicom_sr::verify(object, source)) {
            complaints_.push_back(fmt::format("{}: {}", word_of(object.kind), words));
        }
        objects_.push_back(std::move(object));
    }

    Requested& requested_;
    inference::Decoder& decoder_;
    dicom_sr::OverlayStyle style_;
    std::vector<dicom_sr::Thumbnail> thumbnails_;
    std::vector<dicom_sr::Object> objects_;
    std::vector<std::string> complaints_;
};

}  // namespace

Variant best_of(ResultKind kind) {
    return {kind, Uid{row_of(kind).classes.front()}};
}

bool has_finding(const JudgedImage& judged) {
    return dicom_sr::was_analysed(judged.image.result) &&
           std::ranges::any_of(judged.image.result.findings, [](const auto& finding) {
               return finding.answer != inference::Answer::absent;
           });
}

std::vector<std::span<const JudgedImage>> by_image(std::span<const JudgedImage> images) {
    std::vector<std::span<const JudgedImage>> all;
    for (std::size_t at = 0, end = 0; at < images.size(); at = end) {
        const auto& first = images[at].image;
        end = at + 1;
        while (first.is_one_of_several && end < images.size() &&
               images[end].image.is_one_of_several &&
               images[end].image.source.sop_instance == first.source.sop_instance) {
            ++end;
        }
        all.push_back(images.subspan(at, end - at));
    }
    return all;
}

bool was_analysed(std::span<const JudgedImage> image) {
    return std::ranges::any_of(image, [](const JudgedImage& judged) {
        return dicom_sr::was_analysed(judged.image.result);
    });
}

bool has_finding(std::span<const JudgedImage> image) {
    return std::ranges::any_of(image,
                               [](const JudgedImage& judged) { return has_finding(judged); });
}

void choose_pictured(std::vector<JudgedImage>& images) {
    const auto all = by_image(images);
    const auto is_found = [](std::span<const JudgedImage> image) { return has_finding(image); };
    auto pictured = static_cast<std::size_t>(std::ranges::count_if(all, is_found));
    std::size_t noticed = 0, at = 0;
    for (const auto& image : all) {
        auto& so_far = was_analysed(image) ? pictured : noticed;
        const bool is_pictured = is_found(image) || so_far++ < kPicturedImagesMax;
        for (std::size_t i = 0; i < image.size(); ++i) images[at++].is_pictured = is_pictured;
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
    results.add_documents();
    std::size_t at = 0;
    for (const auto& image : by_image(images)) {
        const std::span all{report.images};
        results.add_image(image, dicom_sr::Answers{all.subspan(at, image.size())});
        at += image.size();
    }
    results.add_pages();
    return results.finish();
}

}  // namespace bucky
