// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "inference/findings.h"

namespace bucky::inference {

std::vector<ImageResult> answers_of(ImageResult result) {
    auto others = std::exchange(result.others, {});
    std::vector<ImageResult> answers;
    answers.push_back(std::move(result));
    std::ranges::move(others, std::back_inserter(answers));
    return answers;
}

Verdict verdict_of(const ImageResult& result) {
    for (const Verdict verdict : {Verdict::findings, Verdict::no_findings, Verdict::failed}) {
        const bool is_given = result.verdict == verdict ||
                              std::ranges::any_of(result.others, [&](const ImageResult& other) {
                                  return other.verdict == verdict;
                              });
        if (is_given) return verdict;
    }
    return Verdict::not_analysed;
}

}  // namespace bucky::inference
