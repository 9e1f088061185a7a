// SPDX-License-Identifier: Apache-2.0
// `bucky study list|show --json`: studies for programs. Times are UTC, ISO 8601, null when not yet.
#pragma once

#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "conf/settings.h"
#include "storage/database.h"
#include "storage/studies.h"

namespace bucky {

/// "analysing", "waiting", "reporting", "sending", "committing", "delivered" or "not sent", which a
/// study is that has no destination.
std::string_view state_of(const storage::StudyLine& study);

nlohmann::json studies_json(const std::vector<storage::StudyLine>& studies);

/// Its line, images with their results, result objects with commitments, jobs and journal. Of a
/// study that has left storage only the journal is there, and its state is "left".
nlohmann::json study_json(const conf::Settings& settings, storage::Database& db,
                          const std::string& study);

}  // namespace bucky
