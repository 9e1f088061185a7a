// SPDX-License-Identifier: Apache-2.0
// Which threads of the node give way to which.
#pragma once

namespace bucky {

/// This thread, and those it starts, get less of the processor than those that answer callers: an
/// image that is kept can wait, a sender that times out sends it again. Relative to the process's
/// first thread, and no lower when called again.
void lower_priority();

}  // namespace bucky
