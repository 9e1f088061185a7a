// SPDX-License-Identifier: Apache-2.0
// CommitmentScp sends storage commitment reports to callers that hold no association with this node
// any more (PS3.4 J.3.3). It opens a new association in the role of SCP (PS3.7 D.3.3.4), to the
// host and port of the caller's [[peer]] row, or of the [[destination]] with that AE title. It
// repeats a report with a back-off until the caller has accepted it, for a week.
//
// Each caller is called by one thread at a time and pauses alone after a failure (peer_pauses.h).
// Up to limits::kCommitmentCallersAtOnce are called at once, so a caller that is switched off does
// not delay the reports of others.
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
    /// start_wire() must have run; `give_up_fd` as for CommitmentScu. Throws what Database throws.
    CommitmentScp(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                  int give_up_fd = -1);
    CommitmentScp(const CommitmentScp&) = delete;
    CommitmentScp& operator=(const CommitmentScp&) = delete;
    ~CommitmentScp();

    void run(std::stop_token stop);

    /// Sends one report, if one is due to a caller that may be called now. False when none was.
    bool report_next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
