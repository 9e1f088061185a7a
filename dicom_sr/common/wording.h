// SPDX-License-Identifier: Apache-2.0
// The texts for people in the language of the result: the same words in the report and on the
// picture. Code meanings stay English (PS3.16); these words stand beside them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/labels.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/words.h"

namespace bucky::dicom_sr {

/// The sides on which the finding was located, combined.
inference::Side side_of(const inference::Finding& finding);

/// "Model: cxr-phantom 1.0.0 (weights 9f86d081884c)": stands in every result.
std::string model_line(const inference::ModelIdentity& model, Language language);

std::string_view intended_use_of(const inference::ModelIdentity& model, Language language);

/// What the models that looked at these images are for, in a sentence that a reader cannot miss: a
/// demonstration before research. Empty for clinical ones.
std::string_view purpose_line(std::span<const ReportedImage> images, Language language);

/// That it assists, and the same: stands in every object.
std::string assists_line(std::span<const ReportedImage> images, Language language);

/// Whether a series description is of a result by a demonstration.
bool is_of_demonstration(std::string_view series_description);
std::string for_demonstration(std::string_view series_description);  ///< begins with "DEMO"

/// Why an image has no answer, or a doubtful one. Elsewhere than in English its detail follows.
std::string text_of(const inference::Reason& reason, Language language);

/// "Findings: Pneumothorax (left upper zone). Undetermined: Lung nodule", "No finding above
/// threshold", "Not analysed: ..."
std::string verdict_line(const inference::ImageResult& result, Language language);

/// The same of all answers to an image: each finding with its package, and the packages that gave
/// no answer. "Findings: Lung nodule (left upper zone) [cxr-nodule]. cxr-opacity: Analysis failed"
std::string verdict_line(const Answers& answers, Language language);

/// The same of a study: what was found, with sides and scores.
std::string study_verdict(std::span<const ReportedImage> images, Language language);

/// The title of a result about these images, at most 64 bytes (LO): what was found, or that nothing
/// was, or why there is no answer. "AI result: Pneumothorax L 0.97 (not a diagnosis)". OHIF shows
/// no other words of a report in its list. Findings that do not fit are counted: "+2". Where no
/// finding is present, it names those that are undetermined. An image that some package analysed
/// counts as analysed; the packages that failed beside it are counted. By a demonstration it begins
/// with "DEMO", by a model of research it says so. Series Description, Content Description.
std::string title_of(std::span<const ReportedImage> images, Language language);

}  // namespace bucky::dicom_sr
