// SPDX-License-Identifier: Apache-2.0
// The certificates, keys and lists that the config names, read as the node would read them. For
// whom an admin asks (`bucky config check`): a node starts without them, because a destination that
// cannot be called must not keep images out.
#pragma once

#include <vector>

#include "conf/read.h"
#include "conf/settings.h"

namespace bucky {

/// Every [[listener]], [[destination]] and [audit] whose files do not make a TLS context, in the
/// words that the log would have. `lines`: of the file.
std::vector<conf::Problem> tls_problems(const conf::Settings& settings, const conf::Lines& lines);

}  // namespace bucky
