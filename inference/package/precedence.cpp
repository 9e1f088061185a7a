// SPDX-License-Identifier: Apache-2.0
#include "inference/package/precedence.h"

#include <algorithm>
#include <utility>

namespace bucky::inference {
namespace {

bool was_analysed(const ImageResult& answer) {
    return answer.model &&
           (answer.verdict == Verdict::findings || answer.verdict == Verdict::no_findings);
}

/// The finding of a row, where its package gave it and it stands.
const Finding* named_by(const Precedence& row, const ImageResult& answer) {
    if (!was_analysed(answer) || answer.model->name != row.model) return nullptr;
    const auto found = std::ranges::find(answer.findings, row.finding, &Finding::key);
    return found == answer.findings.end() || !found->yields_to.empty() ? nullptr : &*found;
}

void yield(ImageResult& answer, const Finding& to, const std::string& name) {
    if (!was_analysed(answer) || answer.model->name == name) return;
    bool any = false;
    for (Finding& finding : answer.findings) {
        const bool is_same = same_question(finding.key, finding.code, to.key, to.code);
        if (is_same && finding.yields_to.empty()) finding.yields_to = name;
        any |= finding.yields_to.empty() && finding.answer == Answer::present;
    }
    answer.verdict = any ? Verdict::findings : Verdict::no_findings;
}

}  // namespace

bool same_question(std::string_view key, const Code& code, std::string_view other_key,
                   const Code& other_code) {
    return key == other_key || (code.value == other_code.value && code.scheme == other_code.scheme);
}

ImageResult by_precedence(ImageResult result, std::span<const Precedence> rows) {
    std::vector<ImageResult*> answers{&result};
    for (ImageResult& other : result.others) answers.push_back(&other);
    for (const Precedence& row : rows) {
        const auto by = std::ranges::find_if(
            answers, [&](const ImageResult* answer) { return named_by(row, *answer) != nullptr; });
        if (by == answers.end()) continue;
        const Finding stands = *named_by(row, **by);
        for (ImageResult* answer : answers) yield(*answer, stands, row.model);
    }
    return result;
}

std::vector<ImageResult> standing_answers(ImageResult result) {
    auto answers = answers_of(std::move(result));
    std::erase_if(answers, [](ImageResult& answer) {
        const auto yielded = std::erase_if(
            answer.findings, [](const Finding& finding) { return !finding.yields_to.empty(); });
        return yielded > 0 && answer.findings.empty();
    });
    return answers;
}

}  // namespace bucky::inference
