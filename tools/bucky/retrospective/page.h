// SPDX-License-Identifier: Apache-2.0
// An audit as one page: HTML that loads nothing from anywhere, light and dark, for wide and narrow
// windows. Pure.
#pragma once

#include <string>

#include "tools/bucky/retrospective/audit.h"

namespace bucky {

std::string page_of(const Audit& audit);

/// One line for each image, model and finding; an image without an answer has one for each model.
std::string table_of(const Audit& audit);

/// What the terminal shows: counts, why images were refused, a line for each finding, thresholds.
std::string summary_of(const Audit& audit);

std::string words_of_reason(const std::string& key);

}  // namespace bucky
