// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/units.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace bucky {
namespace {

std::optional<Scored> score_of(const Audit& audit, const AuditedImage& image, std::size_t model,
                               const std::string& finding) {
    const auto& opinion = image.opinions[model];
    const auto* told = audit.models[model].finding(finding);
    const auto score = opinion.scores.find(finding);
    if (!opinion.is_answer() || told == nullptr || score == opinion.scores.end()) return {};
    return Scored{
        .image = &image, .score = score->second, .is_said = score->second >= told->threshold};
}

/// By label; an entry with `is_there` from the truth.
std::map<std::string, Judged> judged_by_label(const Audit& audit, std::size_t model,
                                              const std::string& finding, const Filter& filter) {
    std::map<std::string, Judged> units;
    for (const auto& one : scored(audit, model, finding, filter)) {
        const auto& name = audit.truth.name_of(*one.image);
        const auto label = audit.truth.labels.find(name);
        if (label == audit.truth.labels.end()) continue;
        const auto is_there = label->second.find(finding);
        if (is_there == label->second.end()) continue;
        const auto [unit, is_new] = units.try_emplace(
            name, Judged{.score = one.score, .is_there = is_there->second, .is_said = false});
        if (!is_new) unit->second.score = std::max(unit->second.score, one.score);
        unit->second.is_said = unit->second.is_said || one.is_said;
    }
    return units;
}

std::size_t said(const std::vector<Scored>& all) {
    return static_cast<std::size_t>(std::ranges::count(all, true, &Scored::is_said));
}

template <typename All>
std::vector<double> scores_of(const All& all) {
    std::vector<double> scores;
    for (const auto& one : all) scores.push_back(one.score);
    return scores;
}

std::optional<Kept> kept_by_truth(const BothJudged& both) {
    Kept kept{.by_truth = true, .before = counts_of(both.first)};
    std::vector<double> positives;
    for (const auto& one : both.second) {
        if (one.is_there) positives.push_back(one.score);
    }
    const auto threshold = threshold_that_keeps(positives, kept.before.true_positives);
    if (!threshold) return {};
    kept.threshold = *threshold;
    kept.after = counts_at(both.second, *threshold);
    kept.said_before = kept.before.said();
    kept.said_after = kept.after.said();
    kept.images = both.first.size();
    return kept;
}

}  // namespace

std::vector<Scored> scored(const Audit& audit, std::size_t model, const std::string& finding,
                           const Filter& filter) {
    std::vector<Scored> all;
    for (const auto& image : audit.images) {
        if (filter && !filter(image)) continue;
        if (const auto one = score_of(audit, image, model, finding)) all.push_back(*one);
    }
    return all;
}

std::vector<Judged> judged(const Audit& audit, std::size_t model, const std::string& finding,
                           const Filter& filter) {
    std::vector<Judged> all;
    for (const auto& [name, one] : judged_by_label(audit, model, finding, filter)) {
        all.push_back(one);
    }
    return all;
}

BothScored both_scored(const Audit& audit, const std::string& finding) {
    BothScored both;
    if (audit.models.size() < 2) return both;
    for (const auto& image : audit.images) {
        const auto first = score_of(audit, image, 0, finding);
        const auto second = score_of(audit, image, 1, finding);
        if (!first || !second) continue;
        both.first.push_back(*first);
        both.second.push_back(*second);
    }
    return both;
}

BothJudged both_judged(const Audit& audit, const std::string& finding) {
    BothJudged both;
    if (audit.models.size() < 2) return both;
    const Filter by_both = [&](const AuditedImage& image) {
        return score_of(audit, image, 0, finding) && score_of(audit, image, 1, finding);
    };
    both.first = judged(audit, 0, finding, by_both);
    both.second = judged(audit, 1, finding, by_both);
    return both;
}

std::vector<Grouping> groupings(const Audit& audit) {
    std::vector<Grouping> all{
        {audit.by_device,
         [](const AuditedImage& one) -> const std::string& { return one.device; },
         {}},
        {"view", [](const AuditedImage& one) -> const std::string& { return one.view; }, {}},
        {"age", [](const AuditedImage& one) -> const std::string& { return one.age_group; }, {}},
        {"sex", [](const AuditedImage& one) -> const std::string& { return one.sex; }, {}}};
    for (auto& grouping : all) {
        std::set<std::string> seen;
        for (const auto& image : audit.images) seen.insert(grouping.of(image));
        grouping.groups.assign(seen.begin(), seen.end());
    }
    std::erase_if(all, [](const Grouping& one) {  // nothing is known of it
        return one.groups.size() == 1 && one.groups.front() == kNotStated;
    });
    return all;
}

std::optional<Kept> threshold_kept(const Audit& audit, const std::string& finding) {
    if (audit.models.size() < 2) return {};
    if (!audit.truth.empty()) return kept_by_truth(both_judged(audit, finding));
    const auto both = both_scored(audit, finding);
    Kept kept{.said_before = said(both.first), .images = both.first.size()};
    const auto threshold = threshold_that_keeps(scores_of(both.second), kept.said_before);
    if (!threshold) return {};
    kept.threshold = *threshold;
    kept.said_after = static_cast<std::size_t>(std::ranges::count_if(
        both.second, [&](const Scored& one) { return one.score >= *threshold; }));
    return kept;
}

std::string threshold_table(const AuditedModel& model, const std::string& finding, double value) {
    return fmt::format(
        "[[threshold]]\nmodel = \"{}\"\nversion = \"{}\"\nsha256 = \"{}\"\nfinding = \"{}\"\n"
        "value = {}\n",
        model.name, model.version, model.sha256, finding, value);
}

}  // namespace bucky
