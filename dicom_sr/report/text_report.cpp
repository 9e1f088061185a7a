// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/text_report.h"

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/place.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/report/report_content.h"

namespace bucky::dicom_sr {
namespace {

using enum Relation;
using inference::Finding;

std::string sentence_of(const Finding& finding, const inference::ImageResult& of,
                        Language language) {
    const Words& say = words(language);
    std::string line =
        fmt::format("{}: {}; {} {}, {} {}", name_of(finding, language), answer_word(finding, say),
                    say.score, score_text(finding.score), say.threshold, threshold_text(finding));
    if (finding.answer != inference::Answer::present) return cleaned(line);
    const std::string places = places_of(finding, of, language);
    line += fmt::format("; {}", places.empty() ? say.not_located : places);
    return cleaned(line);
}

void add_image(ContentTree& tree, const ReportedImage& image, Language language) {
    const Words& say = words(language);
    tree.container(contains, codes::kFindingsSection, "", [&] {
        tree.image(contains, reference_of(image));
        for (const inference::Reason& warning : image.result.warnings) {
            tree.text(contains, codes::kComment,
                      cleaned(fmt::format("{}: {}", say.warning, text_of(warning, language))));
        }
        tree.text(contains, codes::kFinding, cleaned(verdict_line(Answers{image}, language)),
                  [&] { tree.image(inferred_from, reference_of(image)); });
        if (!was_analysed(image.result)) return;
        for (const Finding& finding : image.result.findings) {
            tree.text(contains, codes::kFinding,
                      with_package(sentence_of(finding, image.result, language), image),
                      [&] { tree.image(inferred_from, reference_of(image)); });
        }
    });
}

}  // namespace

void write_text_content(ContentTree& tree, const StudyReport& report) {
    add_head(tree, report);
    for (const ReportedImage& image : report.images) add_image(tree, image, report.language);
    tree.container(contains, codes::kConclusionsSection, "", [&] {
        for (const std::string& note : notes_of(report)) {
            tree.text(contains, codes::kConclusion, note);
        }
        add_priors(tree, report);
    });
}

}  // namespace bucky::dicom_sr
