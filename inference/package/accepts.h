// SPDX-License-Identifier: Apache-2.0
// The [accepts] of a manifest. Only package.cpp uses it.
#pragma once

#include "inference/package/manifest.h"
#include "inference/package/package.h"

namespace bucky::inference {

/// Reads the section into `accepts`; problems go where the section's go. `accepts.demonstration` is
/// set before: a demonstration must name its equipment.
void read_accepts(Section& section, Accepts& accepts);

}  // namespace bucky::inference
