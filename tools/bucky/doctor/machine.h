// SPDX-License-Identifier: Apache-2.0
// What `bucky doctor` asks the machine: disk, clock, certificates. Nothing is changed.
#pragma once

#include <cstdint>
#include <vector>

#include "conf/settings.h"
#include "tools/bucky/doctor/check.h"

namespace bucky {

Check check_disk(const conf::Settings& settings);

/// Whether the kernel's clock follows a time server (adjtimex(2)), and how far it may be off.
Check check_clock();

/// A line for each certificate that this node shows, with its end: bad in its last 21 days.
std::vector<Check> check_certificates(const conf::Settings& settings, std::int64_t now_ms);

}  // namespace bucky
