// SPDX-License-Identifier: Apache-2.0
#include "inference/package/thresholds.h"

#include <algorithm>

namespace bucky::inference {

Answer answer_at(double score, double threshold, std::optional<double> undetermined_from) {
    if (score >= threshold) return Answer::present;
    return undetermined_from && score >= *undetermined_from ? Answer::undetermined : Answer::absent;
}

ImageResult decided_at(ImageResult result, std::span<const Threshold> thresholds) {
    const bool was_analysed =
        result.verdict == Verdict::findings || result.verdict == Verdict::no_findings;
    if (!was_analysed || !result.model) return result;
    bool any = false;
    for (Finding& finding : result.findings) {
        const auto set = std::ranges::find_if(thresholds, [&](const Threshold& one) {
            return one.sha256 == result.model->sha256 && one.finding == finding.key;
        });
        if (set != thresholds.end()) {
            finding.threshold = set->value;
            finding.answer = answer_at(finding.score, set->value, finding.undetermined_from);
        }
        if (finding.answer != Answer::present) {
            finding.regions.clear();
            finding.heat = {};
        }
        any |= finding.answer == Answer::present;
    }
    result.verdict = any ? Verdict::findings : Verdict::no_findings;
    return result;
}

}  // namespace bucky::inference
