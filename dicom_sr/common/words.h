// SPDX-License-Identifier: Apache-2.0
// The words of each language that results are written in: one file of dicom_sr/common/words/ a
// language, one row of kTables in words.cpp. Code meanings stay English (PS3.16).
//
// Words of a radiologist's own work (reading, diagnosis) are never used of what a model does.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "conf/base/choices.h"

namespace bucky::dicom_sr {

/// Every word, sentence and column title of one language. {} is filled in.
struct Words {
    const char* assists;         ///< a sentence that stands in every object
    const char* assists_short;   ///< ends a series description; empty: `result` says it already
    const char* research_short;  ///< instead of it, for a model of research
    const char* demonstration;   ///< a sentence in every object of such a model
    const char* research;        ///< likewise
    const char* result;          ///< begins every title: that it comes from AI
    const char* no_finding;
    const char* findings;
    const char* not_analysed;
    const char* failed;
    const char* some_not_analysed;  ///< in a count: "1 not analysed"
    const char* some_failed;
    const char* models_failed;  ///< before a count, of models beside others that answered
    const char* no_reason;
    const char* finding;  ///< column titles
    const char* place;
    const char* score;
    const char* threshold;
    const char* answer;
    const char* present;
    const char* suspected;
    const char* absent;
    const char* undetermined;
    const char* undecided;     ///< the same before a list: "Undetermined: Lung nodule"
    const char* not_detected;  ///< before a list
    const char* nothing_else;  ///< a sentence after it
    const char* left;
    const char* right;
    const char* both;
    const char* zone;                    ///< of a side and a height: "{} {} zone"
    const char* zone_of_no_side;         ///< of a height
    std::array<const char*, 3> heights;  ///< thirds, from the top
    const char* not_located;
    const char* model;
    const char* intended_use;
    const char* analysed_at;
    const char* looked_at;  ///< the same of an image that was not analysed
    const char* weights;
    const char* warning;
    const char* text_guessed;  ///< completes "Patient's Name: ..."
    const char* text_lost;     ///< comes before the value
    const char* text_illegal;  ///< likewise
    const char* score_means;   ///< a sentence: what a score is
    const char* heat;          ///< what the colours of a heatmap are
    const char* summary;       ///< title of a study's page
    const char* of_images;     ///< "1 of 5 not analysed": count, images, state
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

/// A word of this language for a code: of a reason (inference/reasons.h), of a finding (SCT).
struct CodeWord {
    std::string_view code, word;
};

struct WordTable {
    Words words;
    std::span<const CodeWord> reasons = {};   ///< none: the English text stands alone
    std::span<const CodeWord> findings = {};  ///< for packages that have no name in this language
};

const WordTable& word_table(Language language);
const Words& words(Language language);

extern const WordTable kEnglishWords, kKoreanWords, kJapaneseWords;

}  // namespace bucky::dicom_sr
