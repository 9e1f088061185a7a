// SPDX-License-Identifier: Apache-2.0
// reingest(): a thread after the start that takes in again every image that the database did not
// know (storage/reingest.h). New images have priority: it waits while half of inference.queue_max
// are waiting. A disk or a database that does not answer is tried again later.
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
