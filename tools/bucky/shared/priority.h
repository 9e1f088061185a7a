// SPDX-License-Identifier: Apache-2.0
// The scheduling priority of threads.
#pragma once

#include "conf/settings.h"

namespace bucky {

/// Lowers the priority of this thread, and of those it starts, below the threads that answer
/// callers: a stored image can wait, but a sender that times out sends it again. Relative to the
/// process's first thread; further calls change nothing.
void lower_priority();

/// Whether these settings have senders at all. A node that only serves models has none, and its
/// callers wait for the very threads that would step back.
bool has_senders(const conf::Settings& settings);

}  // namespace bucky
