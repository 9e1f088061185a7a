// SPDX-License-Identifier: Apache-2.0
// Eligibility: which images a package takes, by what their headers say. Decided before a pixel is
// decoded; whether the header tells the truth is asked of the pixels by the gate (gate.h).
//
// One row a rule, in the order in which they are asked; the first that says no gives the image its
// reason. docs/eligibility.md is printed from the rows, and a test has an image for each. Any
// thread.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/pixels/header.h"

namespace bucky::inference {

struct Rule {
    std::string_view attribute;  ///< what it reads
    std::string_view manifest;   ///< the key under [accepts] that sets it; empty: the same for all
    std::string_view missing;    ///< what becomes of an image that does not say
    std::string_view keys;       ///< of the reasons that it gives
    std::optional<Reason> (*refusal)(const Header& header, const Accepts& accepts);
};

std::span<const Rule> eligibility_rules();

/// What every rule says against this image, in their order; nothing when the package takes it.
std::vector<Reason> refusals(const Header& header, const Accepts& accepts);

}  // namespace bucky::inference
