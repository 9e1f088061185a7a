// SPDX-License-Identifier: Apache-2.0
// Several packages may answer the same question. Whose answer stands, by the config's
// [[precedence]]; what of it does not fit the installed packages; and which findings two packages
// answer without a row that says whose stands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"
#include "inference/examine/shelf.h"
#include "inference/package/precedence.h"

namespace bucky {

/// The rows for images of this owner (conf/tenants.h); those that name it come first.
std::vector<inference::Precedence> precedence_for(const conf::Settings& settings,
                                                  std::string_view owner);

/// Every row that fits no package. Throws bad_input when a package cannot be read. Reads none when
/// there are no rows.
std::vector<conf::Problem> precedence_problems(const conf::Settings& settings);

/// Findings that two packages answer for the same image, each with what to write; of the packages
/// on the shelf. None with inference.answer = "first". A demonstration reads no image of a patient,
/// a shadow is in no report: they overlap with nobody.
std::vector<std::string> overlaps(const conf::Settings& settings, const inference::Shelf& shelf);

/// Of the packages as they lie there. One that cannot be read is told elsewhere.
std::vector<std::string> overlaps(const conf::Settings& settings);

}  // namespace bucky
