// SPDX-License-Identifier: Apache-2.0
// SharedSync: one sync for all writers whose writing was done before it began. It syncs the
// write-ahead log for writers that committed, and an hour's folder for writers that renamed a file
// into it.
//
// A commit that is written and not synced is visible to all connections, but a power cut may remove
// it, always together with everything after it in the log and never with anything before it. So a
// writer that has committed waits here before it acts on the commit (answers a sender, calls a
// peer, unlinks a file). A reader of unsynced rows is safe when it acts only after a commit of its
// own, which comes later in the log.
//
// One of the waiting threads syncs for all. If that fails, only this thread gets the error, and the
// next one tries. After a failed sync the kernel may have dropped the pages that it could not
// write, so the next thread must make the data durable by other means. Threads: shared by all
// connections to one file.
#pragma once

#include <cstdint>
#include <functional>

#include "conf/base/mutex.h"

namespace bucky::storage {

class SharedSync {
public:
    /// A commit is in the log (call it while no other thread writes), or a name is in the folder.
    /// Returns its ticket.
    std::uint64_t written();

    /// Waits until the write with this ticket is durable. `sync` writes the whole log to the disk;
    /// when `doubtful`, it must not rely on an earlier sync. What it throws is thrown to this
    /// caller.
    void until_durable(std::uint64_t ticket, const std::function<void(bool doubtful)>& sync);

private:
    Mutex mutex_;
    Condition ended_;
    std::uint64_t written_ GUARDED_BY(mutex_) = 0;
    std::uint64_t durable_ GUARDED_BY(mutex_) = 0;
    bool syncing_ GUARDED_BY(mutex_) = false;
    bool doubtful_ GUARDED_BY(mutex_) = false;
};

}  // namespace bucky::storage
