// SPDX-License-Identifier: Apache-2.0
// CommitmentScp reports to those who asked this node to keep something and hold no association with
// it any more (PS3.4 J.3.3): on a new association, in the role of SCP (PS3.7 D.3.3.4), to the host
// and port of the caller's [[peer]] row, or of the [[destination]] of that AE title. Repeated with
// a back-off until the caller has taken it, for a week.
//
// Each caller is called by one thread at a time and has a pause of its own after a failure
// (peer_pauses.h); up to limits::kCommitmentCallersAtOnce are called at once. So one that is
// switched off delays nobody else's reports.
// Threads: run() is the CommitmentScp's thread, which starts and ends the others.
#pragma once

#include <memory>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"

namespace bucky::scp {

class CommitmentScp {
public:
    /// start_wire() has run; `give_up_fd` as for CommitmentScu. Throws what Database throws.
    CommitmentScp(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                  int give_up_fd = -1);
    CommitmentScp(const CommitmentScp&) = delete;
    CommitmentScp& operator=(const CommitmentScp&) = delete;
    ~CommitmentScp();

    void run(std::stop_token stop);

    /// One report, if one is due to a caller that may be called now. False when none was.
    bool report_next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
