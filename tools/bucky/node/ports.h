// SPDX-License-Identifier: Apache-2.0
// The ports that a node will listen on: scp, [[listener]], web, admin and service.
#pragma once

#include <vector>

#include "conf/file/read.h"
#include "conf/settings.h"

namespace bucky {

/// Every address and port of these settings on which nobody can listen now, with the key that holds
/// it: it is in use, is not this machine's, or two keys hold the same. Port 0 is any free one, and
/// whether this user may listen below 1024 is not told. `lines`: those of the file.
std::vector<conf::Problem> port_problems(const conf::Settings& settings,
                                         const conf::Lines& lines = {});

/// The same as an Error, unavailable. A node asks before it loads a model, which takes its time.
void check_ports(const conf::Settings& settings);

}  // namespace bucky
