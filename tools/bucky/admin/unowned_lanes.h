// SPDX-License-Identifier: Apache-2.0
// Lanes without a worker: of a destination that was removed from the config, or of storage
// commitment that is no longer requested. Their jobs would wait for ever.
#pragma once

#include <string>
#include <vector>

#include "conf/settings.h"
#include "storage/job_queue.h"

namespace bucky {

/// Whether a node with these settings has a worker for this lane.
bool is_owned(const conf::Settings& settings, const storage::Lane& lane);

/// The number of waiting jobs of such a lane and what to do; empty when no job waits or the lane
/// has a worker.
std::string unowned_trouble(const conf::Settings& settings, const storage::Backlog& lane);

/// The same for every lane of the database; empty when it cannot be read.
std::vector<std::string> unowned_troubles(const conf::Settings& settings);

}  // namespace bucky
