// SPDX-License-Identifier: Apache-2.0
// Courier delivers the results of one destination's lane (storage/lane.h).
//
// The steps are: claim -> connection (kept while there is work) -> send -> the verdict -> journal
// and job in one transaction. A crash anywhere repeats the object under the same UID and never
// skips it. A refused job is parked with the destination's own words. When the destination cannot
// be reached, the whole lane pauses, so that its jobs do not each wait for a connect to fail. The
// last delivery of a study creates the job of the CommitmentScu, where the destination is asked for
// storage commitment. How objects travel is the Sender's business: a courier knows no transport.
// Threads: run() is the courier's thread; each courier opens its own database.
#pragma once

#include <memory>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "scp/deliver/sender.h"

namespace bucky::scp {

class Courier {
public:
    /// `sender`: see make_sender.h. Throws what Database throws.
    Courier(const conf::Settings& settings, const conf::DestinationSettings& destination,
            const Clock& clock, Wakeup& work, std::unique_ptr<Sender> sender);
    Courier(const Courier&) = delete;
    Courier& operator=(const Courier&) = delete;
    ~Courier();

    /// Runs until a stop is requested. An object that is being sent is completed first.
    void run(std::stop_token stop);

    /// Works on one job, if one is due and the lane is not paused. False when there was nothing to
    /// do.
    bool deliver_next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
