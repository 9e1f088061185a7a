// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "tools/bucky/retrospective/drawings.h"
#include "tools/bucky/retrospective/sections.h"
#include "tools/bucky/retrospective/units.h"

namespace bucky {
namespace {

/// Images that differ are named up to here; the table has them all.
constexpr std::size_t kNamedMax = 100;

constexpr double kThresholdMin = 0.01, kThresholdMax = 0.99;  // conf: threshold.value

struct Agreement {
    std::size_t both = 0, first = 0, second = 0, neither = 0;

    std::size_t all() const { return both + first + second + neither; }
};

Agreement agreement_of(const BothScored& both, const Filter& filter = {}) {
    Agreement made;
    for (std::size_t i = 0; i < both.first.size(); ++i) {
        if (filter && !filter(*both.first[i].image)) continue;
        const bool first = both.first[i].is_said, second = both.second[i].is_said;
        ++(first ? second ? made.both : made.first : second ? made.second : made.neither);
    }
    return made;
}

std::vector<std::string> agreement_row(const std::string& title, const Agreement& agreement) {
    const double kappa =
        kappa_of(agreement.both, agreement.first, agreement.second, agreement.neither);
    return {title,
            std::to_string(agreement.all()),
            std::to_string(agreement.both),
            std::to_string(agreement.first),
            std::to_string(agreement.second),
            std::to_string(agreement.neither),
            share_text(agreement.both + agreement.neither, agreement.all()),
            std::isnan(kappa) ? "-" : fmt::format("{:.2f}", kappa)};
}

std::string agreements(const Audit& audit, const BothScored& both) {
    HtmlTable table{.head = {"Images", "both analysed", "both call it", "in use only",
                             "candidate only", "neither", "agree", "kappa"},
                    .rows = {agreement_row("all", agreement_of(both))}};
    const auto all = groupings(audit);
    if (!all.empty() && all.front().title == audit.by_device) {
        for (const auto& group : all.front().groups) {
            const auto agreement = agreement_of(
                both, [&](const AuditedImage& one) { return all.front().of(one) == group; });
            if (agreement.all() > 0) {
                table.rows.push_back(
                    agreement_row(html(audit.by_device + ": " + group), agreement));
            }
        }
    }
    return table.text();
}

std::string differing(const Audit& audit, const BothScored& both) {
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < both.first.size(); ++i) {
        if (both.first[i].is_said != both.second[i].is_said) at.push_back(i);
    }
    if (at.empty()) return "<p>They differ on no image.</p>\n";
    const auto distance = [&](std::size_t i) {
        return -std::abs(both.first[i].score - both.second[i].score);
    };
    std::ranges::stable_sort(at, {}, distance);
    HtmlTable table{.head = {audit.accession_numbers ? "Accession number" : "Image",
                             audit.by_device, "in use", "candidate"},
                    .rows = {},
                    .texts = {0, 1}};
    for (const auto i : at) {
        if (table.rows.size() == kNamedMax) break;
        const auto shown = [](const Scored& one) {
            return one.is_said ? fmt::format("<b>{:.3f}</b>", one.score)
                               : fmt::format("{:.3f}", one.score);
        };
        table.rows.push_back({html(audit.name_of(*both.first[i].image)),
                              html(both.first[i].image->device), shown(both.first[i]),
                              shown(both.second[i])});
    }
    return fmt::format("<details><summary>Images where they differ: {}</summary>{}{}</details>\n",
                       at.size(), table.text(),
                       at.size() > kNamedMax
                           ? "<p class=\"soft\">The furthest apart; the table has all.</p>"
                           : "");
}

std::string kept_words(const Kept& kept) {
    if (!kept.by_truth) {
        return fmt::format(
            "The threshold of the candidate at which as many images are called as today: {} of {} "
            "(today {}). Without truth this keeps the workload, not the sensitivity.",
            kept.said_after, kept.images, kept.said_before);
    }
    return fmt::format(
        "The threshold of the candidate that keeps today's sensitivity: {} (today {}), at a "
        "specificity of {} (today {}) and {} called of {} (today {}).",
        share_text(kept.after.true_positives, kept.after.there()),
        share_text(kept.before.true_positives, kept.before.there()),
        share_text(kept.after.true_negatives, kept.after.not_there()),
        share_text(kept.before.true_negatives, kept.before.not_there()), kept.said_after,
        kept.images, kept.said_before);
}

std::string threshold_words(const Audit& audit, const std::string& finding) {
    const auto kept = threshold_kept(audit, finding);
    if (!kept) return "<p>Nothing is called today: no threshold of the candidate keeps that.</p>\n";
    auto text = "<p>" + html(kept_words(*kept)) + "</p>\n";
    if (kept->threshold < kThresholdMin || kept->threshold > kThresholdMax) {
        return text + fmt::format("<p>It is {}, beyond what threshold.value takes ({}-{}).</p>\n",
                                  kept->threshold, kThresholdMin, kThresholdMax);
    }
    return text + "<pre>" + html(threshold_table(audit.models[1], finding, kept->threshold)) +
           "</pre>\n";
}

std::string auc_words(const Audit& audit, const std::string& finding) {
    const auto both = both_judged(audit, finding);
    const auto difference = auc_difference(both.second, both.first);
    if (std::isnan(difference.value)) return "";
    return fmt::format(
        "<p>AUC of the candidate less that in use: {:+.3f}{}</p>\n", difference.value,
        difference.interval ? fmt::format(" ({:+.3f} to {:+.3f})", difference.interval->low,
                                          difference.interval->high)
                            : "");
}

}  // namespace

std::string pair_section(const Audit& audit, const AuditedFinding& finding) {
    const auto* first = audit.models[0].finding(finding.key);
    const auto* second = audit.models[1].finding(finding.key);
    if (first == nullptr || second == nullptr) {
        return "<p>Only one of the two models answers this.</p>\n";
    }
    const auto both = both_scored(audit, finding.key);
    if (both.first.empty()) return "<p>No image was analysed by both.</p>\n";
    std::vector<std::pair<double, double>> scores;
    for (std::size_t i = 0; i < both.first.size(); ++i) {
        scores.emplace_back(both.first[i].score, both.second[i].score);
    }
    return "<h3>Candidate against the one in use</h3>" + auc_words(audit, finding.key) +
           "<figure>" + scatter_drawing(scores, first->threshold, second->threshold) +
           "<figcaption>A dot for each image; lines at the thresholds.</figcaption></figure>" +
           agreements(audit, both) + differing(audit, both) + threshold_words(audit, finding.key);
}

}  // namespace bucky
