// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/labels.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {

using inference::Answer;
using inference::Finding;
using inference::Side;

std::string_view name_of(const Finding& finding, Language language) {
    return language == Language::korean && !finding.name_ko.empty() ? finding.name_ko
                                                                    : finding.name;
}

std::string_view name_of(Answer answer, const Words& words) {
    switch (answer) {
        case Answer::absent: return words.absent;
        case Answer::present: return words.present;
        case Answer::undetermined: return words.undetermined;
    }
    __builtin_unreachable();
}

std::string_view name_of(Side side, const Words& words) {
    switch (side) {
        case Side::unknown: return "";
        case Side::left: return words.left;
        case Side::right: return words.right;
        case Side::both: return words.both;
    }
    __builtin_unreachable();
}

std::string score_text(double score) {
    return fmt::format("{:.2f}", std::floor(score * 100 + 1e-9) / 100);
}

std::string threshold_text(const Finding& finding) {
    const std::string threshold = score_text(finding.threshold);
    const bool has_band =
        finding.undetermined_from && *finding.undetermined_from < finding.threshold;
    return has_band ? score_text(*finding.undetermined_from) + '-' + threshold : threshold;
}

std::vector<const Finding*> answered(const inference::ImageResult& result, Answer answer) {
    std::vector<const Finding*> found;
    if (!was_analysed(result)) return found;
    for (const Finding& finding : result.findings) {
        if (finding.answer == answer) found.push_back(&finding);
    }
    std::ranges::stable_sort(found, std::ranges::greater{}, &Finding::score);
    return found;
}

std::vector<const Finding*> present(const inference::ImageResult& result) {
    return answered(result, Answer::present);
}

std::string outline_label(const Finding& finding, std::size_t region, Language language) {
    std::string label =
        cleaned(fmt::format("{} {}", name_of(finding, language), score_text(finding.score)));
    if (finding.regions.size() > 1) {
        label += fmt::format(" ({}/{})", region + 1, finding.regions.size());
    }
    return label;
}

}  // namespace bucky::dicom_sr
