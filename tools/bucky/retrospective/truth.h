// SPDX-License-Identifier: Apache-2.0
// The truth of an audit, as a person wrote it into a table: the first column names images
// (sop_instance_uid), studies (study_uid) or accession numbers (accession_number); each further
// column is a finding's key with 1 or 0, or nothing where it is not known.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "tools/bucky/retrospective/audit.h"

namespace bucky {

/// Throws bad_input, naming the line, for anything else than that, for a label that stands twice
/// with two answers, and for a column that is no finding of any of the models.
Truth read_truth(std::string_view text, const std::vector<AuditedModel>& models);

/// The same, of a file, which the words of an error name. No file: no truth.
Truth read_truth_file(const std::filesystem::path& file, const std::vector<AuditedModel>& models);

}  // namespace bucky
