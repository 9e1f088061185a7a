// SPDX-License-Identifier: Apache-2.0
// Courier brings the results of lane "deliver:<name>" to one destination.
//
// claim -> association (kept while there is work) -> C-STORE -> the peer's answer -> journal and
// job in one transaction. A crash anywhere sends the same object again, under the same UID. A
// refusal is parked with the peer's own words. When the destination cannot be had at all, the whole
// lane pauses: its jobs do not each wait for a connect to fail. The last delivery of a study makes
// the job of the CommitmentScu, where the destination is asked for storage commitment. Threads:
// run() is the courier's thread; each courier opens its own database.
#pragma once

#include <memory>
#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"

namespace bucky::scp {

class Courier {
public:
    /// start_wire() has run. Once `give_up_fd` (-1: none) is readable, every wait for the peer ends
    /// and the object counts as not sent. Throws what Database throws.
    Courier(const conf::Settings& settings, const conf::DestinationSettings& destination,
            const Clock& clock, Wakeup& work, int give_up_fd = -1);
    Courier(const Courier&) = delete;
    Courier& operator=(const Courier&) = delete;
    ~Courier();

    /// Until a stop is asked for. An object that is being sent is sent to its end first.
    void run(std::stop_token stop);

    /// One job, if one is due and the lane is not paused. False when there was nothing to do.
    bool deliver_next();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
