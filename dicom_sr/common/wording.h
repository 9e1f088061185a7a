// SPDX-License-Identifier: Apache-2.0
// The texts for people, in English or Korean: the same words in the report and on the picture.
// Code meanings stay English (PS3.16); these words stand beside them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/labels.h"
#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// Every sentence and column title of one language.
struct Words {
    const char* assists;         ///< stands in every object; assists_line() adds the purpose
    const char* assists_short;   ///< the same for a series description
    const char* research_short;  ///< instead of it, for a model of research
    const char* demonstration;   ///< stands in every object of such a model
    const char* research;        ///< likewise
    const char* no_finding;
    const char* findings;
    const char* not_analysed;
    const char* failed;
    const char* some_not_analysed;  ///< in a count: "1 skipped"
    const char* some_failed;
    const char* no_reason;
    const char* finding;  ///< column titles
    const char* score;
    const char* threshold;
    const char* answer;
    const char* present;
    const char* absent;
    const char* undetermined;
    const char* undecided;  ///< the same before a list: "Undetermined: Lung nodule"
    const char* left;
    const char* right;
    const char* both;
    const char* not_located;
    const char* model;
    const char* intended_use;
    const char* analysed_at;
    const char* weights;
    const char* warning;
    const char* text_guessed;  ///< completes "Patient's Name: ..."
    const char* text_lost;     ///< comes before the value
    const char* text_illegal;  ///< likewise
    const char* columns;       ///< of pixels
    const char* rows;
    const char* heat;     ///< what the colours of a heatmap are
    const char* summary;  ///< title of a study's page
    const char* image;
    const char* series;
    const char* more_in_report;  ///< after a count: "+3 more images: see the report"
    const char* earlier_result;
    const char* other_patients;    ///< of a study that also holds images of other patients
    const char* has_copies;        ///< of an image whose UID came with other content
    const char* listed_elsewhere;  ///< before a count of images
    const char* withdrawn;         ///< of a report that was filed under a wrong identity
    const char* withdrawn_short;   ///< the same for a series description
    const char* unlisted;          ///< before a count of images and why
};

const Words& words(Language language);

/// The sides on which the finding was located, combined.
inference::Side side_of(const inference::Finding& finding);

/// "Model: cxr-phantom 1.0.0 (weights 9f86d081884c)": stands in every result.
std::string model_line(const inference::ModelIdentity& model, Language language);

/// What the models that looked at these images are for, in a sentence that a reader cannot miss: a
/// demonstration before research. Empty for clinical ones.
std::string_view purpose_line(std::span<const ReportedImage> images, Language language);

/// That it assists, and the same: stands in every object.
std::string assists_line(std::span<const ReportedImage> images, Language language);

/// Whether a series description is of a result by a demonstration.
bool is_of_demonstration(std::string_view series_description);
std::string for_demonstration(std::string_view series_description);  ///< begins with "DEMO"

/// Why an image has no answer, or a doubtful one. In Korean the English detail follows.
std::string text_of(const inference::Reason& reason, Language language);

/// "Findings: Pneumothorax (left). Undetermined: Lung nodule", "No finding above threshold",
/// "Not analysed: ..."
std::string verdict_line(const inference::ImageResult& result, Language language);

/// "Bucky: Pneumothorax L 0.97 (assists, no reading)", at most 64 bytes (LO): OHIF shows no other
/// words of a report in its list. Findings that do not fit are counted: "+2". Where no finding is
/// present, it names those that are undetermined. By a demonstration it begins with "DEMO", by a
/// model of research it says so.
std::string series_description(std::span<const ReportedImage> images, Language language);

}  // namespace bucky::dicom_sr
