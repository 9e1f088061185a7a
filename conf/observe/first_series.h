// SPDX-License-Identifier: Apache-2.0
// Series that exist before anything is counted. To Prometheus a counter that appears with 1 has not
// increased, so that an alert on an increase would miss the first.
#pragma once

#include <string>

namespace bucky::metrics {

/// The counters whose labels the program knows, each with 0. At the start of a node.
void begin_at_zero();

/// Those of a destination, by its name. What was counted before stays.
void begin_destination(const std::string& name);

}  // namespace bucky::metrics
