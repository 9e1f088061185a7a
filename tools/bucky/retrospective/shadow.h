// SPDX-License-Identifier: Apache-2.0
// What a shadow model, the candidate, said of the node's images beside the model in use: both from
// the node's own records, so that no image is read. Images that have left since are not in it. The
// journal keeps a candidate's scores to four digits.
#pragma once

#include <cstdint>
#include <string>

#include "conf/base/clock.h"
#include "conf/settings.h"
#include "storage/database.h"
#include "tools/bucky/retrospective/audit.h"

namespace bucky {

struct ShadowQuery {
    std::int64_t since_ms = 0;
    std::string in_use, candidate;  ///< names; empty: the first that reports, the first shadow
};

/// Throws bad_input when the config has no such models.
Audit audit_of_shadow(const conf::Settings& settings, storage::Database& db, const Clock& clock,
                      const ShadowQuery& query);

}  // namespace bucky
