// SPDX-License-Identifier: Apache-2.0
// CommitmentScu requests storage commitment from one destination for what it was sent (PS3.4 Annex
// J): its lane "commit", one job per study.
//
// The steps are: claim -> store a new Transaction UID -> N-ACTION -> receive the report, on the
// same association if it comes at once, else on one that the destination opens (a session records
// it). Without an answer within commitment_timeout_s the request is repeated. What is not kept is
// delivered again, then requested again, with a back-off, for give_up_days; then the job is parked
// with the destination's own words. A crash anywhere repeats the request. Threads: run() is the
// CommitmentScu's thread; it opens its own database.
#pragma once

#include <memory>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"

namespace bucky::scp {

class CommitmentScu {
public:
    /// start_wire() must have run. Once `give_up_fd` (-1: none) is readable, every wait for the
    /// peer ends. Throws what Database throws.
    CommitmentScu(const conf::Settings& settings, const conf::DestinationSettings& destination,
                  const Clock& clock, Wakeup& work, int give_up_fd = -1);
    CommitmentScu(const CommitmentScu&) = delete;
    CommitmentScu& operator=(const CommitmentScu&) = delete;
    ~CommitmentScu();

    void run(std::stop_token stop);

    /// Works on one job, if one is due and the lane is not paused. False when there was nothing to
    /// do.
    bool commit_next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
