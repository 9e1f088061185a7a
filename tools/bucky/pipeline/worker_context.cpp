// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/worker_context.h"

#include "storage/site.h"
#include "tools/bucky/pipeline/worker.h"

namespace bucky {

WorkerContext::WorkerContext(const conf::Settings& settings, const Clock& clock)
    : db(storage::Site{settings.node.data_dir}.open(storage::Database::Mode::existing)),
      received(settings.spool_dir()),
      results(settings.results_dir()),
      jobs(db, clock, longest_wait_ms()),
      studies(db, clock),
      journal(db, clock),
      outbox(db, results, clock),
      peer_classes(db, clock) {}

}  // namespace bucky
