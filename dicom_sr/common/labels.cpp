// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/labels.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "conf/dicom/text.h"
#include "dicom_sr/common/answers.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {

using inference::Answer;
using inference::Finding;
using inference::Side;

std::optional<std::string_view> word_for(std::span<const CodeWord> words, std::string_view code) {
    const auto found = std::ranges::find(words, code, &CodeWord::code);
    return found == words.end() ? std::nullopt : std::optional{found->word};
}

std::string_view name_of(const Finding& finding, Language language) {
    if (language == Language::korean && !finding.name_ko.empty()) return finding.name_ko;
    const auto known = word_for(word_table(language).findings, finding.code.value);
    return known && finding.code.scheme == "SCT" ? *known : finding.name;
}

std::string_view answer_word(const Finding& finding, const Words& words) {
    switch (finding.answer) {
        case Answer::absent: return words.absent;
        case Answer::present: return finding.is_suspicion ? words.suspected : words.present;
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

double shown_score(double score) {
    // 0.29 * 100 lies below 29. What is that near below 1 is not 1 all the same.
    const double hundredths = std::floor(score * 100 + 1e-9);
    return (score < 1 ? std::min(hundredths, 99.0) : hundredths) / 100;
}

std::string score_text(double score) {
    return fmt::format("{:.2f}", shown_score(score));
}

double certainty_percent(const Finding& finding) {
    return std::round(100 * shown_score(finding.score));
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
    std::ranges::stable_sort(
        found, [](const Finding* one, const Finding* other) { return comes_first(*one, *other); });
    return found;
}

std::vector<const Finding*> present(const inference::ImageResult& result) {
    return answered(result, Answer::present);
}

std::string image_words(const Source& source, Language language) {
    const Words& say = words(language);
    std::string words = source.view_position.empty() ? source.modality : source.view_position;
    if (!source.instance_number.empty()) {
        words += fmt::format(" ({} {}, {} {})", say.series,
                             source.series_number.empty() ? "-" : source.series_number, say.image,
                             source.instance_number);
    }
    return cleaned(words);
}

std::string tracking_words(const ReportedImage& image, const Finding& finding, int number,
                           Language language) {
    const std::string which =
        number > 0 ? fmt::format(" {}", number) : fmt::format(", {}", words(language).not_located);
    const std::string where = image_words(image.source, language);
    return cleaned(with_package(fmt::format("{}{}{}{}", name_of(finding, language), which,
                                            where.empty() ? "" : ", ", where),
                                image));
}

std::string outline_label(const ReportedImage& image, const Finding& finding, std::size_t region,
                          Language language) {
    std::string label =
        cleaned(fmt::format("AI {} {}", name_of(finding, language), score_text(finding.score)));
    if (finding.regions.size() > 1) {
        label += fmt::format(" ({}/{})", region + 1, finding.regions.size());
    }
    return with_package(label, image);
}

}  // namespace bucky::dicom_sr
