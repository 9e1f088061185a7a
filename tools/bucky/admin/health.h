// SPDX-License-Identifier: Apache-2.0
// Health: the state of the node for /readyz, the gauges of /metrics and `bucky status`: one look at
// the database and the disk, and the sentences that follow from it. Any thread may read a published
// Health; look() needs its own Database.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/base/mutex.h"
#include "conf/observe/trouble.h"
#include "conf/settings.h"
#include "storage/aside.h"
#include "storage/database.h"
#include "storage/job_queue.h"

namespace bucky {

struct Health {
    std::vector<storage::Backlog> lanes;
    std::vector<storage::Lane>
        unowned;                      ///< of these, those that nobody works on and that hold jobs
    std::vector<std::string> held{};  ///< destinations that a person holds
    std::uint64_t free_bytes = 0, disk_bytes = 0;
    storage::Aside::Held aside;         ///< set by the watch thread
    std::vector<std::string> database;  ///< faults of its files; they stay until a restart
    std::vector<std::string>
        not_ready;  ///< why images are refused now, database included; empty: they are taken
    std::vector<Trouble> troubles;    ///< what needs the admin; includes not_ready
    std::vector<Trouble> told_too{};  ///< what alerts tell as well: of these the notes speak
    std::vector<std::string> notes;   ///< what the admin should know; the node is as it should be
};

/// The present state. A database or a disk that does not answer gives a sentence, not an exception.
Health look(const conf::Settings& settings, const Clock& clock, storage::Database& db);

/// Adds those of which there is none with the same concern and subject yet.
void add_new(std::vector<Trouble>& troubles, const std::vector<Trouble>& more);

/// Acknowledged images that could not be taken in again; empty when there are none.
std::vector<Trouble> aside_troubles(const storage::Aside& aside);

/// The last Health, passed from the watch thread to its readers.
class HealthBoard {
public:
    void publish(Health health) {
        const MutexLock lock(mutex_);
        last_ = std::move(health);
    }
    Health last() const {
        const MutexLock lock(mutex_);
        return last_;
    }

private:
    mutable Mutex mutex_;
    Health last_ GUARDED_BY(mutex_);
};

}  // namespace bucky
