// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "inference/findings_json.h"
#include "inference/reasons.h"
#include "tools/bucky/retrospective/page.h"
#include "tools/bucky/retrospective/units.h"
#include "tools/bucky/shared/csv.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

constexpr std::size_t kDeviceShown = 50;     ///< characters
constexpr std::size_t kDifferingShown = 20;  ///< the page and the table have more

std::string truth_of(const Audit& audit, const AuditedImage& image, const std::string& finding) {
    const auto label = audit.truth.labels.find(audit.truth.name_of(image));
    if (label == audit.truth.labels.end()) return "";
    const auto answer = label->second.find(finding);
    return answer == label->second.end() ? "" : answer->second ? "1" : "0";
}

std::string interval_text(const std::optional<Interval>& interval, int digits) {
    return interval ? fmt::format("{:.{}f}-{:.{}f}", interval->low, digits, interval->high, digits)
                    : "-";
}

std::string with_truth(const Audit& audit, std::size_t model) {
    Table table{{{"FINDING"},
                 {"THERE", Align::right},
                 {"AUC", Align::right},
                 {"(95 %)"},
                 {"SENSIT.", Align::right},
                 {"SPECIF.", Align::right},
                 {"CALLED", Align::right}}};
    for (const auto& finding : audit.models[model].findings) {
        const auto all = judged(audit, model, finding.key);
        const auto counts = counts_of(all);
        const auto auc = auc_of(all);
        const bool is_known = counts.there() > 0 && counts.not_there() > 0;
        table.row({finding.key, std::to_string(counts.there()),
                   is_known ? fmt::format("{:.3f}", auc.value) : "-",
                   interval_text(auc.interval, 3), percent(counts.sensitivity()),
                   percent(counts.specificity()), percent(ratio(counts.said(), all.size()))});
    }
    return table.text();
}

std::string without_truth(const Audit& audit, std::size_t model) {
    Table table{{{"FINDING"},
                 {"THRESHOLD", Align::right},
                 {"CALLED", Align::right},
                 {"OF", Align::right},
                 {"SHARE", Align::right},
                 {"(95 %)"}}};
    for (const auto& finding : audit.models[model].findings) {
        const auto all = scored(audit, model, finding.key);
        const auto called =
            static_cast<std::size_t>(std::ranges::count(all, true, &Scored::is_said));
        auto interval = wilson(called, all.size());
        if (interval) interval = Interval{100 * interval->low, 100 * interval->high};
        table.row({finding.key, fmt::format("{:.3f}", finding.threshold), std::to_string(called),
                   std::to_string(all.size()), percent(ratio(called, all.size())),
                   interval_text(interval, 1)});
    }
    return table.text();
}

std::string counts_line(const Audit& audit, std::size_t model) {
    std::size_t answered = 0, refused = 0, failed = 0;
    for (const auto& image : audit.images) {
        const auto verdict = image.opinions[model].verdict;
        ++(image.opinions[model].is_answer()             ? answered
           : verdict == inference::Verdict::not_analysed ? refused
                                                         : failed);
    }
    return fmt::format("{}: {} images analysed, {} refused, {} failed\n",
                       audit.models[model].label(), answered, refused, failed);
}

std::string refusals(const Audit& audit, std::size_t model) {
    std::map<std::string, std::size_t> reasons;
    for (const auto& image : audit.images) {
        const auto& opinion = image.opinions[model];
        if (!opinion.is_answer()) ++reasons[words_of_reason(opinion.reason)];
    }
    std::string text;
    for (const auto& [words, images] : reasons) text += fmt::format("  {:>5}  {}\n", images, words);
    return text;
}

/// Of the images that both analysed, how many they answer alike in everything, for each device.
std::string by_device(const Audit& audit) {
    struct Of {
        std::size_t images = 0, alike = 0;
    };
    std::map<std::string, Of> devices;
    for (const auto& image : audit.images) {
        if (!image.opinions[0].is_answer() || !image.opinions[1].is_answer()) continue;
        const auto says = [&](std::size_t model, const AuditedFinding& finding) {
            const auto score = image.opinions[model].scores.find(finding.key);
            return score != image.opinions[model].scores.end() &&
                   score->second >= finding.threshold;
        };
        const bool alike = std::ranges::all_of(audit.models[0].findings, [&](const auto& one) {
            const auto* other = audit.models[1].finding(one.key);
            return other == nullptr || says(0, one) == says(1, *other);
        });
        auto& of = devices[image.device];
        ++of.images;
        of.alike += alike ? 1 : 0;
    }
    Table table{{{audit.by_device == "device" ? "DEVICE" : "SENDER"},
                 {"IMAGES", Align::right},
                 {"ALIKE IN ALL", Align::right}}};
    for (const auto& [device, of] : devices) {
        table.row({device.substr(0, kDeviceShown), std::to_string(of.images),
                   percent(ratio(of.alike, of.images))});
    }
    return table.text();
}

/// The images on which they differ most, by accession number.
std::string differing(const Audit& audit) {
    std::vector<std::pair<double, std::vector<std::string>>> rows;
    for (const auto& finding : audit.findings()) {
        const auto both = both_scored(audit, finding.key);
        for (std::size_t i = 0; i < both.first.size(); ++i) {
            const auto &one = both.first[i], &other = both.second[i];
            if (one.is_said == other.is_said) continue;
            rows.emplace_back(
                -std::abs(one.score - other.score),
                std::vector{printable(audit.name_of(*one.image)), finding.key,
                            fmt::format("{:.3f}", one.score), fmt::format("{:.3f}", other.score)});
        }
    }
    if (rows.empty()) return "";
    std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.first; });
    Table table{{{audit.accession_numbers ? "ACCESSION NUMBER" : "IMAGE"},
                 {"FINDING"},
                 {"IN USE", Align::right},
                 {"CANDID.", Align::right}}};
    for (std::size_t i = 0; i < std::min(rows.size(), kDifferingShown); ++i) {
        table.row(rows[i].second);
    }
    return fmt::format("\n{} answers differ{}\n{}", rows.size(),
                       rows.size() > kDifferingShown ? "; the furthest apart:" : ":", table.text());
}

/// How often two models agree, and the threshold that keeps what is shown today.
std::string side_by_side(const Audit& audit) {
    Table table{{{"FINDING"},
                 {"IMAGES", Align::right},
                 {"BOTH", Align::right},
                 {"IN USE", Align::right},
                 {"CANDID.", Align::right},
                 {"AGREE", Align::right},
                 {"KAPPA", Align::right}}};
    for (const auto& finding : audit.findings()) {
        const auto both = both_scored(audit, finding.key);
        std::size_t two = 0, one = 0, other = 0, none = 0;
        for (std::size_t i = 0; i < both.first.size(); ++i) {
            const bool first = both.first[i].is_said, second = both.second[i].is_said;
            ++(first ? second ? two : one : second ? other : none);
        }
        if (both.first.empty()) continue;
        const double kappa = kappa_of(two, one, other, none);
        table.row({finding.key, std::to_string(both.first.size()), std::to_string(two),
                   std::to_string(one), std::to_string(other),
                   percent(ratio(two + none, both.first.size())),
                   kappa == kappa ? fmt::format("{:.2f}", kappa) : "-"});
    }
    if (table.empty()) return "No image was analysed by both.\n";
    std::string text = table.text() + "BOTH called it, IN USE alone, CANDIDate alone.\n\n" +
                       by_device(audit) + differing(audit);
    for (const auto& finding : audit.findings()) {
        const auto kept = threshold_kept(audit, finding.key);
        if (!kept) continue;
        text += fmt::format(
            "\n# {}: keeps {}\n{}", finding.key,
            kept->by_truth ? fmt::format("a sensitivity of {}", percent(kept->before.sensitivity()))
                           : fmt::format("{} of {} images called", kept->said_before, kept->images),
            threshold_table(audit.models[1], finding.key, kept->threshold));
    }
    return text;
}

}  // namespace

std::string words_of_reason(const std::string& key) {
    if (key == "machine") return "A fault of this machine, twice";
    const auto row = std::ranges::find(inference::kReasons, key, &inference::ReasonRow::key);
    return row == inference::kReasons.end() ? key : std::string{row->meaning};
}

std::string table_of(const Audit& audit) {
    std::string text =
        csv_line({"image", audit.by_device, "view", "age_group", "sex", "model", "version",
                  "verdict", "reason", "finding", "score", "threshold", "called", "truth"});
    for (const auto& image : audit.images) {
        for (std::size_t i = 0; i < audit.models.size(); ++i) {
            const auto& model = audit.models[i];
            const auto& opinion = image.opinions[i];
            std::vector<std::string> head;
            for (const auto& cell :
                 {audit.name_of(image), image.device, image.view, image.age_group, image.sex,
                  model.name, model.version, std::string{inference::name_of(opinion.verdict)},
                  opinion.reason}) {
                head.push_back(no_formula(cell));
            }
            const auto add = [&](std::vector<std::string> more) {
                auto cells = head;
                cells.insert(cells.end(), more.begin(), more.end());
                text += csv_line(cells);
            };
            if (!opinion.is_answer()) add({"", "", "", "", ""});
            for (const auto& [key, score] : opinion.scores) {
                const auto* told = model.finding(key);
                if (!opinion.is_answer() || told == nullptr) continue;
                add({key, fmt::format("{}", score), fmt::format("{}", told->threshold),
                     score >= told->threshold ? "1" : "0", truth_of(audit, image, key)});
            }
        }
    }
    return text;
}

std::string summary_of(const Audit& audit) {
    std::string text = fmt::format("{}: {} image{} of {} stud{}\n", audit.title,
                                   audit.images.size(), audit.images.size() == 1 ? "" : "s",
                                   audit.studies, audit.studies == 1 ? "y" : "ies");
    for (const auto& [why, how_many] : audit.left_out) {
        text += fmt::format("  {:>5}  left out: {}\n", how_many, printable(why));
    }
    for (std::size_t i = 0; i < audit.models.size(); ++i) {
        text += '\n' + counts_line(audit, i) + refusals(audit, i);
        text += audit.truth.empty() ? without_truth(audit, i) : with_truth(audit, i);
    }
    if (audit.models.size() > 1) text += "\nSide by side\n" + side_by_side(audit);
    return text;
}

}  // namespace bucky
