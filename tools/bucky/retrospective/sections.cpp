// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/sections.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "tools/bucky/engine/figures.h"
#include "tools/bucky/retrospective/drawings.h"
#include "tools/bucky/retrospective/page.h"
#include "tools/bucky/retrospective/units.h"

namespace bucky {
namespace {

struct Numbers {
    std::size_t answered = 0, refused = 0, failed = 0;
};

Numbers numbers_of(const Audit& audit, std::size_t model) {
    Numbers numbers;
    for (const auto& image : audit.images) {
        const auto& opinion = image.opinions[model];
        ++(opinion.is_answer()                                   ? numbers.answered
           : opinion.verdict == inference::Verdict::not_analysed ? numbers.refused
                                                                 : numbers.failed);
    }
    return numbers;
}

std::string tile(const std::string& words, std::size_t number) {
    return fmt::format("<div class=\"tile\"><b>{}</b>{}</div>", number, html(words));
}

std::string key(std::size_t model, const std::string& label) {
    return fmt::format("<span class=\"key{}\">{}</span>", model, html(label));
}

std::string refusals(const Audit& audit) {
    std::map<std::string, std::vector<std::size_t>> reasons;
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        for (const auto& image : audit.images) {
            if (image.opinions[i].is_answer()) continue;
            auto& counted = reasons[words_of_reason(image.opinions[i].reason)];
            counted.resize(audit.models.size());
            ++counted[i];
        }
    }
    if (reasons.empty()) return "";
    HtmlTable table{.head = {"Not analysed, and why"}, .rows = {}};
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        table.head.push_back(key(i, audit.models[i].label()));
    }
    for (const auto& [words, counted] : reasons) {
        auto& row = table.rows.emplace_back(std::vector{html(words)});
        for (const auto images : counted) row.push_back(std::to_string(images));
    }
    return table.text();
}

std::string left_out(const Audit& audit) {
    if (audit.left_out.empty()) return "";
    HtmlTable table{.head = {"Left out of the audit", "how many"}, .rows = {}};
    for (const auto& [why, how_many] : audit.left_out) {
        table.rows.push_back({html(why), std::to_string(how_many)});
    }
    return table.text();
}

std::size_t called(const std::vector<Scored>& all) {
    return static_cast<std::size_t>(std::ranges::count(all, true, &Scored::is_said));
}

std::string auc_text(const Auc& auc) {
    if (std::isnan(auc.value)) return "-";
    if (!auc.interval) return fmt::format("{:.3f}", auc.value);
    return fmt::format("{:.3f} ({:.3f}-{:.3f})", auc.value, auc.interval->low, auc.interval->high);
}

/// A line for each model: what it calls, and with truth how right it is.
std::string in_short(const Audit& audit, const AuditedFinding& finding) {
    HtmlTable table{.head = {"Model", "threshold", "called"}, .rows = {}};
    const bool is_known = !audit.truth.empty();
    if (is_known) {
        for (const auto* title : {"there", "AUC", "sensitivity", "specificity", "precision"}) {
            table.head.emplace_back(title);
        }
    }
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        const auto* told = audit.models[i].finding(finding.key);
        if (told == nullptr) continue;
        const auto all = scored(audit, i, finding.key);
        std::vector<std::string> row{key(i, audit.models[i].label()),
                                     fmt::format("{:.3f}", told->threshold),
                                     share_text(called(all), all.size())};
        if (is_known) {
            const auto truth = judged(audit, i, finding.key);
            const auto counts = counts_of(truth);
            row.push_back(fmt::format("{} of {}", counts.there(), truth.size()));
            row.push_back(auc_text(auc_of(truth)));
            row.push_back(share_text(counts.true_positives, counts.there()));
            row.push_back(share_text(counts.true_negatives, counts.not_there()));
            row.push_back(share_text(counts.true_positives, counts.said()));
        }
        table.rows.push_back(std::move(row));
    }
    return table.text();
}

std::string figure(const std::string& drawing, const std::string& caption) {
    return "<figure>" + drawing + "<figcaption>" + caption + "</figcaption></figure>";
}

std::string drawings(const Audit& audit, const AuditedFinding& finding) {
    std::string text = "<div class=\"row\">";
    std::vector<Curve> curves;
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        const auto truth = judged(audit, i, finding.key);
        const auto counts = counts_of(truth);
        curves.push_back({roc_of(truth), counts.sensitivity(), 1 - counts.specificity()});
    }
    if (std::ranges::any_of(curves, [](const auto& one) { return !one.points.empty(); })) {
        text += figure(roc_drawing(curves), "ROC; the dot is the threshold in use.");
    }
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        const auto* told = audit.models[i].finding(finding.key);
        if (told == nullptr) continue;
        std::vector<double> scores, there;
        for (const auto& one : scored(audit, i, finding.key)) scores.push_back(one.score);
        for (const auto& one : judged(audit, i, finding.key)) {
            if (one.is_there) there.push_back(one.score);
        }
        text += figure(histogram_drawing(scores, there, told->threshold),
                       "Scores of " + key(i, audit.models[i].label()) +
                           (there.empty() ? "." : ": strong where the finding is there."));
    }
    return text + "</div>\n";
}

std::string by_group(const Audit& audit, std::size_t model, const AuditedFinding& told) {
    HtmlTable table{.head = {"Group", "images", "scores", "called"}, .rows = {}, .texts = {0, 2}};
    const bool is_known = !audit.truth.empty();
    if (is_known) table.head.insert(table.head.end(), {"sensitivity", "specificity"});
    for (const auto& grouping : groupings(audit)) {
        for (const auto& group : grouping.groups) {
            const Filter within = [&](const AuditedImage& one) {
                return grouping.of(one) == group;
            };
            const auto all = scored(audit, model, told.key, within);
            if (all.empty()) continue;
            std::vector<double> scores;
            for (const auto& one : all) scores.push_back(one.score);
            std::vector<std::string> row{html(grouping.title + ": " + group),
                                         std::to_string(all.size()),
                                         strip_drawing(std::move(scores), told.threshold),
                                         share_text(called(all), all.size())};
            if (is_known) {
                const auto counts = counts_of(judged(audit, model, told.key, within));
                row.push_back(share_text(counts.true_positives, counts.there()));
                row.push_back(share_text(counts.true_negatives, counts.not_there()));
            }
            table.rows.push_back(std::move(row));
        }
    }
    return table.text();
}

std::string by_threshold(const Audit& audit, std::size_t model, const AuditedFinding& told) {
    HtmlTable table{.head = {"Threshold", "called", "of 100 films"}, .rows = {}, .texts = {}};
    const bool is_known = !audit.truth.empty();
    if (is_known) {
        table.head.insert(table.head.end(), {"sensitivity", "specificity", "precision"});
    }
    std::vector<double> thresholds{told.threshold};
    for (int tenth = 1; tenth < 10; ++tenth) thresholds.push_back(tenth / 10.0);
    std::ranges::sort(thresholds);
    const auto all = scored(audit, model, told.key);
    const auto truth = judged(audit, model, told.key);
    for (const double threshold : thresholds) {
        const auto over = static_cast<std::size_t>(
            std::ranges::count_if(all, [&](const Scored& one) { return one.score >= threshold; }));
        if (threshold == told.threshold) table.marked = table.rows.size();
        std::vector<std::string> row{
            fmt::format("{:.3f}", threshold), std::to_string(over),
            all.empty() ? "-" : fmt::format("{:.1f}", 100 * ratio(over, all.size()))};
        if (is_known) {
            const auto counts = counts_at(truth, threshold);
            row.push_back(share_text(counts.true_positives, counts.there()));
            row.push_back(share_text(counts.true_negatives, counts.not_there()));
            row.push_back(share_text(counts.true_positives, counts.said()));
        }
        table.rows.push_back(std::move(row));
    }
    return table.text();
}

std::string foldable(const std::string& title, const std::string& content) {
    return "<details><summary>" + title + "</summary>" + content + "</details>\n";
}

}  // namespace

std::string share_text(std::size_t part, std::size_t whole) {
    const auto interval = wilson(part, whole);
    if (!interval) return "-";
    return fmt::format("{:.1f}\u00A0% ({:.1f}-{:.1f})", 100 * ratio(part, whole),
                       100 * interval->low, 100 * interval->high);
}

std::string HtmlTable::text() const {
    const auto is_text = [&](std::size_t column) { return std::ranges::count(texts, column) > 0; };
    std::string made = "<div class=\"wide\"><table><tr>";
    for (std::size_t i = 0; i < head.size(); ++i) {
        made += fmt::format("<th{}>{}</th>", is_text(i) ? "" : " class=\"n\"", head[i]);
    }
    made += "</tr>\n";
    for (std::size_t at = 0; at < rows.size(); ++at) {
        made += at == marked ? "<tr class=\"use\">" : "<tr>";
        for (std::size_t i = 0; i < rows[at].size(); ++i) {
            made += fmt::format("<td{}>{}</td>", is_text(i) ? "" : " class=\"n\"", rows[at][i]);
        }
        made += "</tr>\n";
    }
    return made + "</table></div>\n";
}

std::string counts_section(const Audit& audit) {
    std::string text = "<div class=\"tiles\">" + tile("studies", audit.studies) +
                       tile("images", audit.images.size()) + "</div>\n";
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        const auto numbers = numbers_of(audit, i);
        text += fmt::format(
            "<h3>{}</h3><p class=\"soft\">weights {}</p><div class=\"tiles\">{}{}{}</div>\n",
            key(i, audit.models[i].label()), html(audit.models[i].sha256),
            tile("analysed", numbers.answered), tile("refused", numbers.refused),
            tile("failed", numbers.failed));
    }
    return text + refusals(audit) + left_out(audit);
}

std::string finding_section(const Audit& audit, const AuditedFinding& finding) {
    std::string text =
        fmt::format("<h2 id=\"{}\">{}</h2>\n", html(finding.key), html(finding.name));
    text += in_short(audit, finding) + drawings(audit, finding);
    if (audit.models.size() > 1) text += pair_section(audit, finding);
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        const auto* told = audit.models[i].finding(finding.key);
        if (told == nullptr) continue;
        const auto whose =
            audit.models.size() > 1 ? ", " + html(audit.models[i].label()) : std::string{};
        text += foldable("By device, view, age and sex" + whose, by_group(audit, i, *told));
        text += foldable("Yield and workload by threshold" + whose, by_threshold(audit, i, *told));
    }
    return text;
}

}  // namespace bucky
