// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/evaluation.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using inference::Answer;
using inference::Point;
using inference::Verdict;
using Polygon = std::vector<Point>;

constexpr double kMatch = 0.3;
constexpr int kGrid = 256;

/// Even-odd rule: counts the crossings of a ray to the right with the outline.
bool is_inside(const Polygon& outline, Point point) {
    bool inside = false;
    for (std::size_t i = 0, j = outline.size() - 1; i < outline.size(); j = i++) {
        const auto& a = outline[i];
        const auto& b = outline[j];
        if ((a.row > point.row) == (b.row > point.row)) continue;
        const double column =
            a.column + (b.column - a.column) * (point.row - a.row) / (b.row - a.row);
        if (point.column < column) inside = !inside;
    }
    return inside;
}

bool is_answered(const EvaluatedImage& image) {
    return image.result.verdict == Verdict::findings ||
           image.result.verdict == Verdict::no_findings;
}

const inference::Finding* finding_of(const inference::ImageResult& result, const std::string& key) {
    const auto found = std::find_if(result.findings.begin(), result.findings.end(),
                                    [&](const auto& finding) { return finding.key == key; });
    return found == result.findings.end() ? nullptr : &*found;
}

double best_overlap(const EvaluatedImage& image, const inference::Finding& finding) {
    double best = 0;
    for (const auto& planted : image.truth) {
        if (planted.finding != finding.key) continue;
        for (const auto& region : finding.regions) {
            best = std::max(best, overlap(planted.outline, region.outline));
        }
    }
    return best;
}

FindingScore score_of(const std::string& key, const std::vector<EvaluatedImage>& images) {
    std::vector<Judged> judged;
    std::size_t located = 0, matched = 0;
    for (const auto& image : images) {
        const auto* finding = is_answered(image) ? finding_of(image.result, key) : nullptr;
        if (finding == nullptr) continue;
        const bool is_there =
            std::any_of(image.truth.begin(), image.truth.end(),
                        [&](const auto& planted) { return planted.finding == key; });
        const bool is_said = finding->answer == Answer::present;
        judged.push_back({.score = finding->score, .is_there = is_there, .is_said = is_said});
        if (!is_there || !is_said) continue;
        const double shared = best_overlap(image, *finding);
        if (shared > 0) ++located;
        if (shared >= kMatch) ++matched;
    }
    FindingScore score;
    static_cast<Counts&>(score) = counts_of(judged);
    score.key = key;
    score.located = located;
    score.matched = matched;
    score.auc = auc_of(judged).value;
    return score;
}

}  // namespace

double overlap(const Polygon& a, const Polygon& b) {
    if (a.size() < 3 || b.size() < 3) return 0;
    Point low = a.front(), high = a.front();
    for (const auto* outline : {&a, &b}) {
        for (const auto& point : *outline) {
            low = {std::min(low.column, point.column), std::min(low.row, point.row)};
            high = {std::max(high.column, point.column), std::max(high.row, point.row)};
        }
    }
    std::size_t both = 0, either = 0;
    for (int i = 0; i < kGrid; ++i) {
        for (int j = 0; j < kGrid; ++j) {
            const Point centre{low.column + (high.column - low.column) * (j + 0.5) / kGrid,
                               low.row + (high.row - low.row) * (i + 0.5) / kGrid};
            const bool in_a = is_inside(a, centre), in_b = is_inside(b, centre);
            both += in_a && in_b ? 1 : 0;
            either += in_a || in_b ? 1 : 0;
        }
    }
    return either == 0 ? 0 : ratio(both, either);
}

Evaluation evaluate(const std::vector<EvaluatedImage>& images) {
    Evaluation evaluation;
    evaluation.images = images.size();
    std::vector<std::string> keys;
    for (const auto& image : images) {
        if (!is_answered(image)) {
            ++evaluation.not_answered;
            continue;
        }
        const bool is_healthy = image.truth.empty();
        if (is_healthy) ++evaluation.healthy;
        for (const auto& finding : image.result.findings) {
            if (std::find(keys.begin(), keys.end(), finding.key) == keys.end()) {
                keys.push_back(finding.key);
            }
            if (is_healthy) evaluation.outlines_on_healthy += finding.regions.size();
        }
    }
    for (const auto& key : keys) evaluation.findings.push_back(score_of(key, images));
    return evaluation;
}

std::string to_text(const Evaluation& evaluation) {
    Table table{{{"FINDING"},
                 {"PLANTED", Align::right},
                 {"ACCURACY", Align::right},
                 {"SENSIT.", Align::right},
                 {"SPECIF.", Align::right},
                 {"AUC", Align::right},
                 {"LOCATED", Align::right},
                 {"IOU>=0.3", Align::right}}};
    for (const auto& score : evaluation.findings) {
        table.row({score.key, std::to_string(score.true_positives + score.false_negatives),
                   percent(score.accuracy()), percent(score.sensitivity()),
                   percent(score.specificity()),
                   std::isnan(score.auc) ? "-" : fmt::format("{:.3f}", score.auc),
                   percent(ratio(score.located, score.true_positives)),
                   percent(ratio(score.matched, score.true_positives))});
    }
    return fmt::format(
        "{}\n{} images, {} without an answer; {} healthy ones with {} outlines.\nLOCATED, IOU: "
        "true "
        "positives whose outline overlaps the planted one at all, and well.\n",
        table.text(), evaluation.images, evaluation.not_answered, evaluation.healthy,
        evaluation.outlines_on_healthy);
}

}  // namespace bucky
