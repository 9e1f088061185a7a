// SPDX-License-Identifier: Apache-2.0
// The parts of an audit's page (page.h). Pure.
#pragma once

#include <string>
#include <vector>

#include "tools/bucky/retrospective/audit.h"

namespace bucky {

/// How many images were analysed, refused and why, and what was left out.
std::string counts_section(const Audit& audit);

/// Everything about one finding: figures, curves, groups, thresholds.
std::string finding_section(const Audit& audit, const AuditedFinding& finding);

/// Two models on the same images: scores, agreement, images that differ, the threshold that keeps
/// what is shown today.
std::string pair_section(const Audit& audit, const AuditedFinding& finding);

/// A table within a box that scrolls by itself. Cells are HTML.
struct HtmlTable {
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> texts{0};  ///< columns of words; the others are numbers
    std::size_t marked = static_cast<std::size_t>(-1);  ///< the row that is in use

    std::string text() const;
};

/// "85.0 % (80.1-88.9)" by Wilson's interval; "-" of nothing.
std::string share_text(std::size_t part, std::size_t whole);

}  // namespace bucky
