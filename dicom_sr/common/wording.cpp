// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/wording.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/place.h"

namespace bucky::dicom_sr {
namespace {

using inference::Answer;
using inference::Finding;
using inference::Purpose;
using inference::Side;
using inference::Verdict;

// LO has 64 characters (PS3.5 6.2), but dciodvfy and the databases of many PACS count bytes.
constexpr std::size_t kDescriptionMax = 64;

constexpr std::string_view kCut = "...";     // of abridged()
constexpr std::string_view kDemo = "DEMO ";  // in every language: lists are searched for it

/// The purpose of which a reader must be warned most; clinical where no model looked.
Purpose purpose_of(std::span<const ReportedImage> images) {
    Purpose most = Purpose::clinical;
    for (const ReportedImage& image : images) {
        if (image.result.model) most = std::min(most, image.result.model->purpose);
    }
    return most;
}

/// The letter that marks a side on a film.
std::string_view side_letter(Side side) {
    switch (side) {
        case Side::unknown: return "";
        case Side::left: return " L";
        case Side::right: return " R";
        case Side::both: return " L+R";
    }
    __builtin_unreachable();
}

Side joined(Side one, Side other) {
    if (one == Side::unknown || one == other) return other;
    return other == Side::unknown ? one : Side::both;
}

/// One finding, combined over all images of a study.
struct Summary {
    std::string name;
    std::uint32_t urgency = inference::kUrgencyLast;
    double score = 0;
    Side side = Side::unknown;
};

std::vector<Summary> answered_in_study(std::span<const ReportedImage> images, Answer answer,
                                       Language language) {
    std::map<std::string_view, Summary> by_key;
    for (const ReportedImage& image : images) {
        for (const Finding* finding : answered(image.result, answer)) {
            Summary& summary = by_key[finding->key];
            summary.name = name_of(*finding, language);
            summary.urgency = finding->urgency;
            summary.score = std::max(summary.score, finding->score);
            summary.side = joined(summary.side, side_of(*finding));
        }
    }
    std::vector<Summary> sorted;
    for (auto& [key, summary] : by_key) sorted.push_back(std::move(summary));
    std::ranges::stable_sort(sorted, comes_first<Summary>);
    return sorted;
}

/// The findings that fit, the rest counted. A name may be abridged, never its score.
std::string listed(std::span<const Summary> findings, std::size_t room) {
    std::string out;
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const Summary& one = findings[i];
        const std::string score =
            fmt::format("{} {}", side_letter(one.side), score_text(one.score));
        const std::size_t unsaid = findings.size() - i - 1;
        const std::string rest = unsaid > 0 ? fmt::format(" +{}", unsaid) : "";
        if (i == 0) {
            const std::size_t taken = score.size() + rest.size();
            out = abridged(one.name, room - std::min(room, taken)) + score;
            continue;
        }
        const std::string longer = fmt::format("{}, {}{}", out, one.name, score);
        if (longer.size() + rest.size() > room) return out + fmt::format(" +{}", unsaid + 1);
        out = longer;
    }
    return out;
}

/// " (not a diagnosis)". A demonstration says more in its first word.
std::string ending_of(Purpose purpose, const Words& say) {
    const std::string_view words = purpose == Purpose::research   ? say.research_short
                                   : purpose == Purpose::clinical ? say.assists_short
                                                                  : "";
    return words.empty() ? "" : fmt::format(" ({})", words);
}

/// The findings that are present; else those that are undetermined; else that there is none.
std::string study_answer(std::span<const ReportedImage> images, Language language,
                         std::size_t room) {
    const Words& say = words(language);
    const auto found = answered_in_study(images, Answer::present, language);
    if (!found.empty()) return listed(found, room);
    const auto undecided = answered_in_study(images, Answer::undetermined, language);
    if (undecided.empty()) return say.no_finding;
    const std::string head = fmt::format("{}: ", say.undecided);
    return head + listed(undecided, room - std::min(room, head.size()));
}

/// What packages that analysed the image said of it.
std::string answers_line(const Answers& answers, Language language) {
    const Words& say = words(language);
    const auto listed_as = [&](const char* title, Answer answer) {
        std::string line;
        for (const Told& one : told_in(answers, answer)) {
            std::string name{name_of(*one.finding, language)};
            const std::string places = places_of(*one.finding, one.answer->result, language);
            if (!places.empty()) name += fmt::format(" ({})", places);
            line += line.empty() ? fmt::format("{}: ", title) : ", ";
            line += with_package(name, *one.answer);
        }
        return line;
    };
    std::string line = listed_as(say.findings, Answer::present);
    if (line.empty()) line = say.no_finding;
    const std::string undecided = listed_as(say.undecided, Answer::undetermined);
    return undecided.empty() ? line : line + ". " + undecided;
}

/// Images, and packages that failed on an image that others analysed.
struct Counts {
    std::size_t images = 0, unread = 0, failed = 0, packages_failed = 0;
};

Counts counts_of(std::span<const ReportedImage> images) {
    Counts count;
    std::set<std::string_view> packages;
    for (const Answers& answers : by_image(images)) {
        ++count.images;
        const auto failed = std::ranges::count_if(answers, [](const ReportedImage& one) {
            return one.result.verdict == Verdict::failed;
        });
        if (!is_answered(answers)) {
            ++(failed > 0 ? count.failed : count.unread);
            continue;
        }
        for (const ReportedImage& one : answers) {
            if (one.result.verdict == Verdict::failed) packages.insert(package_of(one));
        }
    }
    count.packages_failed = packages.size();
    return count;
}

}  // namespace

Side side_of(const Finding& finding) {
    Side side = Side::unknown;
    for (const inference::Region& region : finding.regions) side = joined(side, region.side);
    return side;
}

std::string model_line(const inference::ModelIdentity& model, Language language) {
    const Words& say = words(language);
    return cleaned(fmt::format("{}: {} {} ({} {})", say.model, model.name, model.version,
                               say.weights, model.sha256.substr(0, 12)));
}

std::string_view intended_use_of(const inference::ModelIdentity& model, Language language) {
    const bool has_korean = language == Language::korean && !model.intended_use_ko.empty();
    return has_korean ? model.intended_use_ko : model.intended_use;
}

std::string_view purpose_line(std::span<const ReportedImage> images, Language language) {
    switch (purpose_of(images)) {
        case Purpose::demonstration: return words(language).demonstration;
        case Purpose::research: return words(language).research;
        case Purpose::clinical: return "";
    }
    __builtin_unreachable();
}

std::string assists_line(std::span<const ReportedImage> images, Language language) {
    const auto purpose = purpose_line(images, language);
    return fmt::format("{}{}{}", words(language).assists, purpose.empty() ? "" : " ", purpose);
}

bool is_of_demonstration(std::string_view series_description) {
    return series_description.starts_with(kDemo);
}

std::string for_demonstration(std::string_view series_description) {
    return abridged(fmt::format("{}{}", kDemo, series_description), kDescriptionMax);
}

std::string text_of(const inference::Reason& reason, Language language) {
    std::string text = cleaned(reason.text);
    const auto known = word_for(word_table(language).reasons, reason.code.value);
    return known ? fmt::format("{} ({})", *known, text) : text;
}

std::string verdict_line(const inference::ImageResult& result, Language language) {
    if (!was_analysed(result)) {
        const Words& say = words(language);
        return fmt::format("{}: {}",
                           result.verdict == Verdict::failed ? say.failed : say.not_analysed,
                           result.reason ? text_of(*result.reason, language) : say.no_reason);
    }
    const ReportedImage alone{{}, result};
    return answers_line(alone, language);
}

std::string verdict_line(const Answers& answers, Language language) {
    const Words& say = words(language);
    if (answers.size() == 1) {
        return with_package(verdict_line(answers.front().result, language), answers.front());
    }
    if (!is_answered(answers)) {
        std::string lines;
        for (const ReportedImage& answer : answers) {
            lines += (lines.empty() ? "" : ". ") + verdict_line(Answers{answer}, language);
        }
        return lines;
    }
    std::string line = answers_line(answers, language);
    for (const ReportedImage& answer : answers) {
        if (was_analysed(answer.result)) continue;
        line +=
            fmt::format(". {}: {}", package_of(answer),
                        answer.result.verdict == Verdict::failed ? say.failed : say.not_analysed);
    }
    return line;
}

std::string study_verdict(std::span<const ReportedImage> images, Language language) {
    const Words& say = words(language);
    const auto is_read = [](const ReportedImage& image) { return was_analysed(image.result); };
    if (std::ranges::any_of(images, is_read)) {
        return study_answer(images, language, std::string::npos);
    }
    const bool has_failed = std::ranges::any_of(
        images, [](const auto& image) { return image.result.verdict == Verdict::failed; });
    return has_failed ? say.failed : say.not_analysed;
}

std::string title_of(std::span<const ReportedImage> images, Language language) {
    const Words& say = words(language);
    const Counts count = counts_of(images);
    const bool none_analysed = count.unread + count.failed == count.images;
    std::string tail;
    const auto say_also = [&](std::size_t images_so, const char* words) {
        if (!none_analysed && images_so > 0) tail += fmt::format("; {} {}", images_so, words);
    };
    say_also(count.unread, say.some_not_analysed);
    say_also(count.failed, say.some_failed);
    if (count.packages_failed > 0) {
        tail += fmt::format("; {}: {}", say.models_failed, count.packages_failed);
    }
    const Purpose purpose = purpose_of(images);
    const std::string head =
        fmt::format("{}{}: ", purpose == Purpose::demonstration ? kDemo : "", say.result);
    const auto titled = [&](const std::string& ending) {
        const std::size_t taken = head.size() + tail.size() + ending.size();
        const std::string middle =
            none_analysed ? (count.failed > 0 ? say.failed : say.not_analysed)
                          : study_answer(images, language,
                                         kDescriptionMax - std::min(kDescriptionMax, taken));
        return abridged(fmt::format("{}{}{}{}", head, middle, tail, ending), kDescriptionMax);
    };
    const std::string ending = ending_of(purpose, say);
    const std::string title = titled(ending);
    // "AI result" says it already: the sentence is left out before a finding's name is cut.
    const bool is_cut = title.find(kCut) != std::string::npos;
    return is_cut && purpose == Purpose::clinical ? titled("") : title;
}

}  // namespace bucky::dicom_sr
