// SPDX-License-Identifier: Apache-2.0
// SharedSync: one sync for everybody whose writing was done before it began: of the write-ahead log
// for those who committed, of an hour's folder for those who renamed a file into it.
//
// A commit that is written and not synced is seen by all connections, and a power cut may take it
// away: always with everything behind it in the log, never with anything before it. So whoever has
// committed waits here before he acts on it (answers a sender, calls a peer, unlinks a file); who
// reads another's unsynced rows and acts only after a commit of his own is behind it in the log.
//
// One of those who wait syncs for all. If it cannot, it alone is told, and the next one tries.
// After a failed sync the kernel may have forgotten what it could not write, so the next one is
// asked to make sure by other means. Threads: shared by all connections to one file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace bucky::storage {

class SharedSync {
public:
    /// A commit stands in the log (call it while no one else writes), a name in the folder. Returns
    /// its ticket.
    std::uint64_t written();

    /// Until what has this ticket is durable. `sync` brings the whole log to the disk, and
    /// must not trust an earlier sync when `doubtful`; what it throws is thrown to this caller.
    void until_durable(std::uint64_t ticket, const std::function<void(bool doubtful)>& sync);

private:
    std::mutex mutex_;
    std::condition_variable ended_;
    std::uint64_t written_ = 0;  ///< GUARDED_BY(mutex_), as are all below
    std::uint64_t durable_ = 0;
    bool syncing_ = false;
    bool doubtful_ = false;
};

}  // namespace bucky::storage
