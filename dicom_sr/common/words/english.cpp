// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/words.h"

namespace bucky::dicom_sr {

const WordTable kEnglishWords{
    .words = {
        .assists = "AI decision support. Not a diagnosis; review by a physician required.",
        .assists_short = "not a diagnosis",
        .research_short = "research, not a diagnosis",
        .demonstration = "DEMONSTRATION. Not for any patient.",
        .research = "RESEARCH. Not for diagnosis.",
        .result = "AI result",
        .no_finding = "No finding above threshold",
        .findings = "Findings",
        .not_analysed = "Not analysed",
        .failed = "Analysis failed",
        .some_not_analysed = "not analysed",
        .some_failed = "failed",
        .models_failed = "models failed",
        .no_reason = "no reason was recorded",
        .finding = "Finding",
        .place = "Where",
        .score = "Score",
        .threshold = "Threshold",
        .answer = "Answer",
        .present = "detected",
        .suspected = "suspected",
        .absent = "not detected",
        .undetermined = "undetermined",
        .undecided = "Undetermined",
        .not_detected = "Not detected",
        .nothing_else = "Nothing else was looked for.",
        .left = "left",
        .right = "right",
        .both = "both sides",
        .zone = "{} {} zone",
        .zone_of_no_side = "{} zone",
        .heights = {"upper", "mid", "lower"},
        .not_located = "not located",
        .model = "Model",
        .intended_use = "Intended use",
        .analysed_at = "Analysed",
        .looked_at = "Looked at",
        .weights = "weights",
        .warning = "Warning",
        .text_guessed = "not in its declared character set; read by its bytes, which are kept",
        .text_lost = "cannot be decoded and is left out; its bytes are kept; as sent",
        .text_illegal = "not a value that DICOM allows and left out; its bytes are kept; as sent",
        .score_means = "A score is from 0 to 1 and is not a probability.",
        .heat = "AI activity (heatmap)",
        .summary = "AI result: summary of the study",
        .of_images = "{} of {} images: {}",
        .image = "image",
        .series = "series",
        .more_in_report = "more images: see the report",
        .earlier_result = "Earlier result",
        .other_patients =
            "The study holds images of more than one patient. This report is about the "
            "images of its own patient only.",
        .has_copies =
            "An image of this report has copies with the same SOP Instance UID and other content. "
            "They were not analysed.",
        .listed_elsewhere = "Images of the study that other reports list",
        .withdrawn =
            "The report that this one supersedes was filed under a wrong patient identity. "
            "Its findings, and the pictures beside it, are withdrawn.",
        .withdrawn_short = "AI result withdrawn: wrong patient identity",
        .unlisted = "Images of the study that were not analysed and are not listed",
    }};

}  // namespace bucky::dicom_sr
