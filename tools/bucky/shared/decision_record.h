// SPDX-License-Identifier: Apache-2.0
// The record of a decision (storage/decisions.h) as JSON text, and its columns for a table.
//
// Nothing of the header goes into it: an image and its study are named by the SHA-256 of their
// UIDs, its content by that of its pixels, and a reason by its key, because its words may quote the
// header. docs/decisions/0710. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "inference/findings.h"
#include "storage/decisions.h"
#include "storage/studies.h"

namespace bucky {

/// Under which settings an image was decided on.
struct DecidedUnder {
    std::string_view software;                                 ///< "0.2.0"
    const inference::ModelIdentity* gate = nullptr;            ///< null: there was none
    std::span<const conf::ThresholdSettings> thresholds = {};  ///< of the site; all of them
};

/// The record, on one line.
std::string decision_record(const storage::Instance& instance, const inference::ImageResult& result,
                            const DecidedUnder& under);

/// Column names. Those of the ACR's import template for Assess-AI come first, in its words.
std::vector<std::string_view> decision_columns();

/// The lines of one record: one for each finding, or one without a finding. A record that cannot be
/// read has a line with its number and hashes.
std::vector<std::vector<std::string>> decision_lines(std::string_view owner,
                                                     const storage::Decision& decision);

/// The record with its place in the chain, on one line; its text is the stored one, byte for byte,
/// and stands last.
std::string decision_json(std::string_view owner, const storage::Decision& decision);

}  // namespace bucky
