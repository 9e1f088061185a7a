// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/shadow_words.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "inference/findings_json.h"
#include "inference/reasons.h"

namespace bucky {
namespace {

using inference::Verdict;

/// The text before `end`, which is taken off with it; nothing: there is none.
std::optional<std::string_view> taken(std::string_view& text, std::string_view end) {
    const auto at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const auto before = text.substr(0, at);
    text.remove_prefix(at + end.size());
    return before;
}

std::optional<Verdict> verdict_in(std::string_view word) {
    for (const auto one :
         {Verdict::findings, Verdict::no_findings, Verdict::not_analysed, Verdict::failed}) {
        if (word == inference::name_of(one)) return one;
    }
    return std::nullopt;
}

bool add_score(ShadowSaid& said, std::string_view text) {
    const auto key = taken(text, " ");
    double score = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), score);
    if (!key || wrong != std::errc{} || end != text.data() + text.size()) return false;
    said.scores[std::string{*key}] = score;
    return true;
}

}  // namespace

std::string shadow_words(const inference::ImageResult& result) {
    std::vector<std::string> parts;
    for (const auto& finding : result.findings) {
        parts.push_back(fmt::format("{} {:.4f}", finding.key, finding.score));
    }
    if (result.reason) {
        parts.push_back(fmt::format("{} ({})", result.reason->key, result.reason->text));
    }
    return fmt::format("{} {}: {}: {}", result.model->name, result.model->version,
                       inference::name_of(result.verdict), fmt::join(parts, ", "));
}

std::optional<ShadowSaid> read_shadow_words(std::string_view words) {
    const auto label = taken(words, ": ");
    const auto word = label ? taken(words, ": ") : std::nullopt;
    const auto verdict = word ? verdict_in(*word) : std::nullopt;
    if (!verdict) return std::nullopt;
    ShadowSaid said{.label = std::string{*label}, .verdict = *verdict};
    if (*verdict == Verdict::not_analysed || *verdict == Verdict::failed) {
        const auto key = taken(words, " (").value_or("");
        const bool is_known =
            std::ranges::count(inference::kReasons, key, &inference::ReasonRow::key) > 0;
        if (is_known) said.reason = key;
        return said;
    }
    while (const auto part = taken(words, ", ")) {
        if (!add_score(said, *part)) return std::nullopt;
    }
    if (!add_score(said, words)) return std::nullopt;
    return said;
}

}  // namespace bucky
