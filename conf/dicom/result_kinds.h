// SPDX-License-Identifier: Apache-2.0
// The kinds of result objects, one row each. Configuration, conformance statement, delivery plan,
// SOP class fallback and verify walk these rows; how a kind is made and checked stands in its
// folder of dicom_sr/ (dicom_sr/kind.h). CONTRIBUTING.md has the recipe for a new one.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "conf/dicom/sop_classes.h"

namespace bucky {

/// In the order in which the results of a study are made.
enum class ResultKind {
    report,
    chest_cad,
    key_objects,
    overlay,
    presentation,
    segmentation,
    notice,
    summary
};

/// What there is one object of.
enum class ResultScope {
    study,           ///< a document: needs no pixels, and may name the one that it supersedes
    analysed_image,  ///< may need the pixels of its image
    skipped_image,   ///< an image that was not analysed, or failed
    study_page,      ///< a picture of the whole study, made from thumbnails after the images
};

/// A report: Comprehensive 3D, Comprehensive, Enhanced and Basic Text SR (PS3.3 A.35).
inline constexpr std::array<std::string_view, 4> kReportClasses{
    sop_class::kComprehensive3dSr, sop_class::kComprehensiveSr, sop_class::kEnhancedSr,
    sop_class::kBasicTextSr};

/// A picture: Secondary Capture, and for an archive that takes only radiographs, a derived CR image
/// of the same pixels in grey.
inline constexpr std::array<std::string_view, 2> kPictureClasses{sop_class::kSecondaryCapture,
                                                                 sop_class::kComputedRadiography};

inline constexpr std::array kPresentationClasses{sop_class::kGrayscalePresentation};
inline constexpr std::array kSegmentationClasses{sop_class::kSegmentation};
inline constexpr std::array kChestCadClasses{sop_class::kChestCadSr};
inline constexpr std::array kKeyObjectClasses{sop_class::kKeyObjectSelection};

struct ResultKindRow {
    ResultKind kind;
    std::string_view word;  ///< in configuration, database and logs; part of UIDs: never changed
    std::span<const std::string_view> classes;  ///< SOP classes, best first
    /// All series of one kind stand together, after those of a modality.
    std::string_view series_number;
    ResultScope scope;
    std::string_view sentence;  ///< completes "WORD, ..." for the person who edits the config
    /// A report refers to it as what explains a finding: to the first such kind that all of its
    /// readers get.
    bool explains = false;
    /// It refers to the kinds that explain, and to reports of earlier studies of the patient.
    bool refers = false;
};

inline constexpr std::array kResultKinds{
    ResultKindRow{.kind = ResultKind::report,
                  .word = "sr",
                  .classes = kReportClasses,
                  .series_number = "9001",
                  .scope = ResultScope::study,
                  .sentence = "the report: a Measurement Report, TID 1500",
                  .refers = true},
    ResultKindRow{.kind = ResultKind::chest_cad,
                  .word = "chest_cad",
                  .classes = kChestCadClasses,
                  .series_number = "9005",
                  .scope = ResultScope::study,
                  .sentence = "a Chest CAD SR (TID 4100) of nodules and pneumothorax"},
    ResultKindRow{.kind = ResultKind::key_objects,
                  .word = "key_objects",
                  .classes = kKeyObjectClasses,
                  .series_number = "9006",
                  .scope = ResultScope::study,
                  .sentence = "a Key Object Selection of the images with a finding"},
    ResultKindRow{.kind = ResultKind::overlay,
                  .word = "overlay",
                  .classes = kPictureClasses,
                  .series_number = "9002",
                  .scope = ResultScope::analysed_image,
                  .sentence = "a picture with outlines, heat or both (overlay.style)",
                  .explains = true},
    ResultKindRow{
        .kind = ResultKind::presentation,
        .word = "presentation",
        .classes = kPresentationClasses,
        .series_number = "9003",
        .scope = ResultScope::analysed_image,
        .sentence = "a Grayscale Softcopy Presentation State, outlines and names over the image"},
    ResultKindRow{.kind = ResultKind::segmentation,
                  .word = "segmentation",
                  .classes = kSegmentationClasses,
                  .series_number = "9004",
                  .scope = ResultScope::analysed_image,
                  .sentence = "a Segmentation, the outlines as areas",
                  .explains = true},
    ResultKindRow{.kind = ResultKind::notice,
                  .word = "notice",
                  .classes = kPictureClasses,
                  .series_number = "9007",
                  .scope = ResultScope::skipped_image,
                  .sentence = "a small picture with the reason"},
    ResultKindRow{.kind = ResultKind::summary,
                  .word = "summary",
                  .classes = kPictureClasses,
                  .series_number = "9008",
                  .scope = ResultScope::study_page,
                  .sentence = "one page with all images, small, and their answers"},
};

static_assert(
    [] {
        for (std::size_t at = 0; at < kResultKinds.size(); ++at) {
            if (kResultKinds[at].kind != static_cast<ResultKind>(at)) return false;
        }
        return true;
    }(),
    "row i of kResultKinds is enumerator i of ResultKind");

constexpr const ResultKindRow& row_of(ResultKind kind) {
    return kResultKinds[static_cast<std::size_t>(kind)];
}

constexpr std::string_view word_of(ResultKind kind) {
    return row_of(kind).word;
}

/// Nothing for a word that no row has.
constexpr std::optional<ResultKind> result_kind_of(std::string_view word) {
    const auto found = std::ranges::find(kResultKinds, word, &ResultKindRow::word);
    return found == kResultKinds.end() ? std::nullopt : std::optional{found->kind};
}

/// The classes that may stand in for this one, itself among them; none where there are no others.
constexpr std::span<const std::string_view> fallbacks_of(std::string_view sop_class) {
    for (const auto& row : kResultKinds) {
        const bool has_it = std::ranges::find(row.classes, sop_class) != row.classes.end();
        if (has_it && row.classes.size() > 1) return row.classes;
    }
    return {};
}

}  // namespace bucky
