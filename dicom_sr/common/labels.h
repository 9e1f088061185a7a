// SPDX-License-Identifier: Apache-2.0
// The words for one finding: its name, answer, score and threshold.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/words.h"

namespace bucky::dicom_sr {

/// The word of a table for a code; nothing: it has none.
std::optional<std::string_view> word_for(std::span<const CodeWord> words, std::string_view code);

/// Whether a finding, or what is said of it, comes before another in every list: the most urgent
/// first, then the surest.
template <typename One>
bool comes_first(const One& one, const One& other) {
    return std::tie(one.urgency, other.score) < std::tie(other.urgency, one.score);
}

std::string_view name_of(const inference::Finding& finding, Language language);
std::string_view answer_word(const inference::Finding& finding, const Words& words);
std::string_view name_of(inference::Side side, const Words& words);  ///< "" when unknown

/// A score or a threshold as every object has it: two digits, cut off and not rounded, so that it
/// is never 1 below 1, and never the threshold below it. One number everywhere: readers compare.
double shown_score(double score);
std::string score_text(double score);                         ///< "0.97"
double certainty_percent(const inference::Finding& finding);  ///< the same: 97

/// "0.50", or "0.30-0.50" where a score between the two is undetermined.
std::string threshold_text(const inference::Finding& finding);

/// The findings with this answer, the most urgent first, then by score. None for an image that was
/// not analysed.
std::vector<const inference::Finding*> answered(const inference::ImageResult& result,
                                                inference::Answer answer);
std::vector<const inference::Finding*> present(const inference::ImageResult& result);

/// What names a lesion for people in every object (Tracking Identifier): "Lung nodule 1, PA
/// (series 2, image 1)". `number` is that of the region; 0: the finding has no place. Where several
/// packages were asked, with the one that says it: two may say the same.
std::string tracking_words(const ReportedImage& image, const inference::Finding& finding,
                           int number, Language language);

/// Which image of the study, as a viewer lists it: "PA (series 1, image 4)".
std::string image_words(const Source& source, Language language);

/// The label of an outline: "AI Pneumothorax 0.97", "AI Lung nodule 0.62 (2/3)". Where several
/// packages were asked, with the one that says it: "AI Pneumothorax 0.97 [cxr-pneumothorax]".
std::string outline_label(const ReportedImage& image, const inference::Finding& finding,
                          std::size_t region, Language language);

}  // namespace bucky::dicom_sr
