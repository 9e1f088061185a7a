// SPDX-License-Identifier: Apache-2.0
// What the panel says; panel.cpp lays it out.
#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/draw/heat_colours.h"
#include "dicom_sr/draw/panel.h"

namespace bucky::dicom_sr {
namespace {

/// Those that are present first, then those that are undetermined; the most urgent first, as in
/// the verdict and in titles. The packages in the order in which they were asked.
std::vector<Told> in_order(const Answers& image) {
    const auto rank = [](inference::Answer answer) {
        switch (answer) {
            case inference::Answer::present: return 0;
            case inference::Answer::undetermined: return 1;
            case inference::Answer::absent: return 2;
        }
        __builtin_unreachable();
    };
    auto told = findings_of(image);
    std::ranges::stable_sort(told, [&](const Told& one, const Told& other) {
        if (one.answer != other.answer) return one.answer < other.answer;
        const auto &a = *one.finding, &b = *other.finding;
        if (a.answer != b.answer) return rank(a.answer) < rank(b.answer);
        return comes_first(a, b);
    });
    return told;
}

std::string not_detected(const Answers& image, Language language) {
    const Words& say = words(language);
    std::vector<std::string> names;  // two packages may have looked for the same
    for (const Told& one : told_in(image, inference::Answer::absent)) {
        std::string name = with_package(name_of(*one.finding, language), *one.answer);
        names.push_back(std::move(name));
    }
    const std::string list =
        names.empty() ? "" : fmt::format("{}: {}. ", say.not_detected, fmt::join(names, ", "));
    return cleaned(list + say.nothing_else);
}

PanelRow row_of(const Told& told, bool outlined, Language language) {
    const Words& say = words(language);
    const inference::Finding& finding = *told.finding;
    PanelRow row;
    row.mark = mark_of(told.place);
    row.present = finding.answer == inference::Answer::present;
    row.drawn = outlined && row.present && !finding.regions.empty();
    row.name = cleaned(name_of(finding, language));
    row.score = score_text(finding.score);
    row.undetermined = finding.answer == inference::Answer::undetermined;
    row.threshold = threshold_text(finding);
    row.answer = answer_word(finding, say);
    if (row.present && finding.regions.empty()) row.answer += fmt::format(", {}", say.not_located);
    return row;
}

/// The findings of each package under its name. In heat alone nothing is outlined.
void write_rows(Panel& panel, const Answers& image, const OverlayStyle& style) {
    const ReportedImage* last = nullptr;
    for (const Told& told : in_order(image)) {
        const auto package = package_of(*told.answer);
        if (told.answer != last && !package.empty()) {
            panel.rows.emplace_back().heading = cleaned(package);
        }
        last = told.answer;
        panel.rows.push_back(row_of(told, is_outlined(*told.answer, style), style.language));
    }
}

/// Warnings, and why a package gave no answer where others did.
void write_warnings(Panel& panel, const Answers& image, Language language) {
    const Words& say = words(language);
    const auto add = [&](std::string words) {
        if (std::ranges::count(panel.warnings, words) == 0) {
            panel.warnings.push_back(std::move(words));
        }
    };
    for (const ReportedImage& answer : image) {
        for (const inference::Reason& warning : answer.result.warnings) {
            add(cleaned(fmt::format("{}: {}", say.warning, text_of(warning, language))));
        }
    }
    for (const ReportedImage& answer : image) {
        if (!is_answered(image) || was_analysed(answer.result)) continue;
        add(cleaned(
            fmt::format("{}: {}", package_of(answer), verdict_line(answer.result, language))));
    }
}

/// Which models looked, what they are for, when and where.
void write_models(Panel& panel, const Answers& image, const OverlayStyle& style) {
    const Words& say = words(style.language);
    std::vector<std::string> uses, devices;
    for (const inference::ModelIdentity& model : models_of(image)) {
        panel.notes.push_back(model_line(model, style.language));
        if (model.intended_use.empty()) continue;
        const auto whose = image.size() > 1 ? fmt::format(" ({})", model.name) : "";
        uses.push_back(cleaned(fmt::format("{}{}: {}", say.intended_use, whose,
                                           intended_use_of(model, style.language))));
    }
    panel.intended_use = fmt::format("{}", fmt::join(uses, "\n"));
    for (const ReportedImage& answer : image) {
        const auto& device = answer.result.device;
        if (!device.empty() && std::ranges::count(devices, device) == 0) devices.push_back(device);
    }
    const auto& first = image.front();
    panel.notes.push_back(cleaned(fmt::format(
        "{}: {}, Bucky {}{}{}", is_answered(image) ? say.analysed_at : say.looked_at,
        local_time_text(first.result.started_at_ms, first.source), style.software_version,
        devices.empty() ? "" : ", ", fmt::join(devices, ", "))));
}

}  // namespace

std::vector<inference::Heat> heats_of(const Answers& image, const OverlayStyle& style) {
    std::vector<inference::Heat> heats;
    if (style.marking == Marking::outline) return heats;
    for (const ReportedImage& answer : image) {
        auto heat = strongest_heat(answer.result);
        if (!heat.values.empty()) heats.push_back(std::move(heat));
    }
    return heats;
}

bool is_outlined(const ReportedImage& answer, const OverlayStyle& style) {
    return style.marking != Marking::heatmap || strongest_heat(answer.result).values.empty();
}

Panel panel_of(const Answers& image, const OverlayStyle& style) {
    const Words& say = words(style.language);
    Panel panel;
    panel.verdict = cleaned(verdict_line(image, style.language));
    panel.tone = tone_of(image);
    panel.assists = say.assists;
    panel.purpose = purpose_line(image, style.language);
    panel.demonstration = std::ranges::any_of(image, [](const ReportedImage& answer) {
        const auto& model = answer.result.model;
        return model && model->purpose == inference::Purpose::demonstration;
    });
    panel.titles = {say.finding, say.score, say.threshold, say.answer};
    write_warnings(panel, image, style.language);
    write_rows(panel, image, style);
    if (!panel.rows.empty()) {
        panel.not_detected = not_detected(image, style.language);
        panel.score_means = say.score_means;
    }
    if (style.marking != Marking::outline) {
        for (const ReportedImage& answer : image) {
            if (strongest_heat(answer.result).values.empty()) continue;
            panel.heat.push_back(with_package(say.heat, answer));
        }
    }
    write_models(panel, image, style);
    return panel;
}

Tone tone_of(std::span<const ReportedImage> images) {
    Tone tone = Tone::unread;
    for (const ReportedImage& image : images) {
        if (!was_analysed(image.result)) continue;
        const bool is_clear = present(image.result).empty() &&
                              answered(image.result, inference::Answer::undetermined).empty();
        if (!is_clear) return Tone::found;
        tone = Tone::none;
    }
    return tone;
}

}  // namespace bucky::dicom_sr
