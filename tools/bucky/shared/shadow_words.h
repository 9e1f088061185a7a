// SPDX-License-Identifier: Apache-2.0
// What a shadow model said of an image, as words of the journal, and back:
// "cxr-nodule 0.2.0: findings: nodule 0.8123, mass 0.0100". Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "inference/findings.h"

namespace bucky {

std::string shadow_words(const inference::ImageResult& result);  ///< of a result with a model

struct ShadowSaid {
    std::string label;  ///< "cxr-nodule 0.2.0"
    inference::Verdict verdict = inference::Verdict::failed;
    std::map<std::string, double> scores{};  ///< by finding, to four digits
    std::string reason{};                    ///< its key; empty in words before 0.2
};

/// Nothing: these words are an error's, or were cut.
std::optional<ShadowSaid> read_shadow_words(std::string_view words);

}  // namespace bucky
