// SPDX-License-Identifier: Apache-2.0
// WorkerContext: the resources of one pipeline worker: its own connection to the database, and the
// queues and folders behind it. One per thread.
#pragma once

#include "conf/base/clock.h"
#include "conf/settings.h"
#include "storage/database.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/peer_classes.h"
#include "storage/spool.h"
#include "storage/studies.h"

namespace bucky {

struct WorkerContext {
    WorkerContext(const conf::Settings& settings, const Clock& clock);

    storage::Database db;
    storage::Spool received, results;
    storage::JobQueue jobs;
    storage::Studies studies;
    storage::Journal journal;
    storage::Outbox outbox;
    storage::PeerClasses peer_classes;
};

}  // namespace bucky
