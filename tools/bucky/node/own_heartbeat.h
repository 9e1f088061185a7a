// SPDX-License-Identifier: Apache-2.0
// What this node tells its service of itself once a minute, and how it is sent.
#pragma once

#include <vector>

#include "conf/settings.h"
#include "inference/examine/shelf.h"
#include "tools/bucky/admin/status_page.h"
#include "tools/bucky/fleet/heartbeat.h"
#include "tools/bucky/remote/offers.h"

namespace bucky {

Heartbeat heartbeat_of(const StatusLook& look, const conf::Settings& settings,
                       const inference::Shelf& shelf, const std::vector<Offer>& offers);

/// To the node that invited this one, or to the service of [remote]. Waits for the network.
///   err  NobodyAnswers, unavailable
void send_heartbeat(const conf::Settings& settings, const Heartbeat& heartbeat);

}  // namespace bucky
