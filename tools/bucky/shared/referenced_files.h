// SPDX-License-Identifier: Apache-2.0
// Reads the certificates, keys, lists and the token that the config names, as the node would read
// them. `bucky config check` calls it. A node starts without the certificates, because a
// destination that cannot be called must not keep images out.
#pragma once

#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"

namespace bucky {

/// Every [[listener]], [[destination]] and [audit] whose files do not make a TLS context, or are
/// out of date, and an admin.token_file without a token, in the words of the log. A credential that
/// this process cannot see is skipped (secret.h). `lines`: those of the file.
std::vector<conf::Problem> file_problems(const conf::Settings& settings, const conf::Lines& lines);

}  // namespace bucky
