// SPDX-License-Identifier: Apache-2.0
// The scheduling priority of threads.
#pragma once

namespace bucky {

/// Lowers the priority of this thread, and of those it starts, below the threads that answer
/// callers: a stored image can wait, but a sender that times out sends it again. Relative to the
/// process's first thread; further calls change nothing.
void lower_priority();

}  // namespace bucky
