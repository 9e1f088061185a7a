// SPDX-License-Identifier: Apache-2.0
// reingest(): a thread's work after the start, until every image that the database did not know is
// taken in again (storage/reingest.h). New images go before: while half of inference.queue_max
// wait, it waits too. A disk or a database that does not answer is asked again later.
#pragma once

#include <stop_token>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "storage/aside.h"

namespace bucky {

void reingest(const conf::Settings& settings, const Clock& clock, storage::Aside& aside,
              Wakeup& work, const std::stop_token& stop);

}  // namespace bucky
