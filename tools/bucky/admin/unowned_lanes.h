// SPDX-License-Identifier: Apache-2.0
// Lanes that nobody works on: of a destination that the config names no more, or of storage
// commitment where it is asked for no more. What waits there would wait for ever.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"
#include "storage/job_queue.h"

namespace bucky {

/// Whether a node with these settings has a worker for this lane.
bool is_owned(const conf::Settings& settings, std::string_view lane);

/// What waits in such a lane and what to do about it; empty: nothing waits, or it is owned.
std::string unowned_trouble(const conf::Settings& settings, const storage::Backlog& lane);

/// The same of every lane of the database of these settings; nothing where it cannot be read.
std::vector<std::string> unowned_troubles(const conf::Settings& settings);

}  // namespace bucky
