// SPDX-License-Identifier: Apache-2.0
// Eligibility: the images that a package accepts, judged by their headers before a pixel is
// decoded. Whether the header is right is judged from the pixels by the gate (gate.h).
//
// Each rule is one row. The rules are asked in this order, and the first that refuses gives the
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
    std::string_view attribute;  ///< the attribute that it reads
    std::string_view manifest;   ///< the key under [accepts] that sets it; empty: not configurable
    std::string_view missing;    ///< what happens to an image without the attribute
    std::string_view keys;       ///< the keys of its reasons
    std::optional<Reason> (*refusal)(const Header& header, const Accepts& accepts);
};

std::span<const Rule> eligibility_rules();

/// The refusals of every rule, in their order. Empty when the package accepts the image.
std::vector<Reason> refusals(const Header& header, const Accepts& accepts);

}  // namespace bucky::inference
