// SPDX-License-Identifier: Apache-2.0
// Machine: the description of the machine that a figure was measured on.
#pragma once

#include <string>

namespace bucky::bench {

/// "2 x Intel Xeon ..., 23 GB, Debian 12, commit 1a2b3c4 (changed), 2026-11-23"
std::string machine_line();

}  // namespace bucky::bench
