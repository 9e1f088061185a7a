// SPDX-License-Identifier: Apache-2.0
// Precedence: two packages may answer the same question about an image. Both answers stand, each
// under its package's name, unless the site says whose stands. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "inference/findings.h"

namespace bucky::inference {

struct Precedence {
    std::string finding;  ///< its key in the package
    std::string model;    ///< the name of the package whose answer stands
    bool operator==(const Precedence&) const = default;
};

/// Whether both ask the same of an image: the key is the same, or the code.
bool same_question(std::string_view key, const Code& code, std::string_view other_key,
                   const Code& other_code);

/// The same result with each finding that does not stand marked (Finding::yields_to). The first row
/// for a finding counts. A package that did not analyse the image takes precedence over none. The
/// verdict of each answer is that of its findings that stand.
ImageResult by_precedence(ImageResult result, std::span<const Precedence> rows);

/// Each package's answer with the findings that stand alone. An answer of which nothing stands is
/// left out; an answer without findings (not analysed, failed) stays.
std::vector<ImageResult> standing_answers(ImageResult result);

}  // namespace bucky::inference
