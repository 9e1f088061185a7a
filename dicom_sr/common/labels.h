// SPDX-License-Identifier: Apache-2.0
// The words for one finding: its name, answer, score and threshold, in English or Korean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

struct Words;

std::string_view name_of(const inference::Finding& finding, Language language);
std::string_view name_of(inference::Answer answer, const Words& words);
std::string_view name_of(inference::Side side, const Words& words);  ///< "" when unknown

/// "0.97", and never "1.00" or "0.50" for what lies below 1 or below the threshold.
std::string score_text(double score);

/// "0.50", or "0.30-0.50" where a score between the two is undetermined.
std::string threshold_text(const inference::Finding& finding);

/// The findings with this answer, highest score first. None for an image that was not analysed.
std::vector<const inference::Finding*> answered(const inference::ImageResult& result,
                                                inference::Answer answer);
std::vector<const inference::Finding*> present(const inference::ImageResult& result);

/// The label of an outline: "Pneumothorax 0.97", "Lung nodule 0.62 (2/3)".
std::string outline_label(const inference::Finding& finding, std::size_t region, Language language);

}  // namespace bucky::dicom_sr
