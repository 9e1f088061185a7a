// SPDX-License-Identifier: Apache-2.0
// The certificates, keys, lists and the token that the config names, read as the node would read
// them. For an admin who asks (`bucky config check`): a node starts without the certificates,
// because a destination that cannot be called must not keep images out.
#pragma once

#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"

namespace bucky {

/// Every [[listener]], [[destination]] and [audit] whose files do not make a TLS context, and an
/// admin.token_file that holds no token, in the words that the log would have. A credential that
/// this process cannot see is left alone (secret.h). `lines`: of the file.
std::vector<conf::Problem> file_problems(const conf::Settings& settings, const conf::Lines& lines);

}  // namespace bucky
