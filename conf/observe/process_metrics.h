// SPDX-License-Identifier: Apache-2.0
// What Prometheus's own client libraries tell of a process, under their names (process_*), and the
// node's clock, which a rule compares with that of Prometheus.
#pragma once

namespace bucky::metrics {

/// Sets them as of now. Any thread may call.
void look_at_process();

}  // namespace bucky::metrics
