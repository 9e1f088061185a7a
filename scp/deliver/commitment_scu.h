// SPDX-License-Identifier: Apache-2.0
// CommitmentScu asks one destination to keep what it was sent (storage commitment, PS3.4 Annex J):
// lane "commit:<name>", one job a study.
//
// claim -> a Transaction UID of its own, in the database -> N-ACTION -> the report on the same
// association if it comes at once, else on one that the destination opens to us (a session notes
// it). No answer in commitment_timeout_s: asked again. Not kept: delivered again, then asked again,
// with a back-off, for give_up_days; then parked with the destination's own words. A crash anywhere
// asks once more. Threads: run() is the CommitmentScu's thread; it opens its own database.
#pragma once

#include <memory>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"

namespace bucky::scp {

class CommitmentScu {
public:
    /// start_wire() has run. Once `give_up_fd` (-1: none) is readable, every wait for the peer
    /// ends. Throws what Database throws.
    CommitmentScu(const conf::Settings& settings, const conf::DestinationSettings& destination,
                  const Clock& clock, Wakeup& work, int give_up_fd = -1);
    CommitmentScu(const CommitmentScu&) = delete;
    CommitmentScu& operator=(const CommitmentScu&) = delete;
    ~CommitmentScu();

    void run(std::stop_token stop);

    /// One job, if one is due and the lane is not paused. False when there was nothing to do.
    bool commit_next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
