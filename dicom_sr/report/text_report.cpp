// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/text_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/report/report_content.h"

namespace bucky::dicom_sr {
namespace {

using enum Relation;
using inference::Finding;
using inference::Region;

/// "columns 512 to 803, rows 200 to 600": whole pixels, counted from 1 as a viewer counts them.
std::string box_of(const Region& region, const Words& say) {
    const auto [left, right] = std::ranges::minmax(region.outline, {}, &inference::Point::column);
    const auto [top, bottom] = std::ranges::minmax(region.outline, {}, &inference::Point::row);
    const auto from = [](double edge) { return static_cast<int>(std::floor(edge)) + 1; };
    const auto to = [](double edge) { return static_cast<int>(std::ceil(edge)); };
    return fmt::format("{} {}-{}, {} {}-{}", say.columns, from(left.column), to(right.column),
                       say.rows, from(top.row), to(bottom.row));
}

std::string sentence_of(const Finding& finding, Language language) {
    const Words& say = words(language);
    std::string line = fmt::format(
        "{}: {}; {} {}, {} {}", name_of(finding, language), name_of(finding.answer, say), say.score,
        score_text(finding.score), say.threshold, threshold_text(finding));
    if (finding.answer != inference::Answer::present) return cleaned(line);
    if (finding.regions.empty()) line += fmt::format("; {}", say.not_located);
    for (const Region& region : finding.regions) {
        if (region.outline.empty()) continue;
        const std::string_view side = name_of(region.side, say);
        line += fmt::format("; {}{}{} ({} {})", side, side.empty() ? "" : ", ", box_of(region, say),
                            say.score, score_text(region.score));
    }
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
        tree.text(contains, codes::kFinding, cleaned(verdict_line(image.result, language)),
                  [&] { tree.image(inferred_from, reference_of(image)); });
        if (!was_analysed(image.result)) return;
        for (const Finding& finding : image.result.findings) {
            tree.text(contains, codes::kFinding, sentence_of(finding, language),
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
