// SPDX-License-Identifier: Apache-2.0
// make_sender() makes the Sender of a destination. Its .cpp has a row for each transport, and is
// the only file that knows them all. start_wire() must have run.
#pragma once

#include <memory>

#include "conf/base/ids.h"
#include "conf/settings.h"
#include "scp/deliver/sender.h"

namespace bucky::scp {

/// Once `give_up_fd` (-1: none) is readable, every wait for the destination ends, and the object at
/// hand counts as not sent.
std::unique_ptr<Sender> make_sender(const conf::DestinationSettings& to, const AeTitle& calling,
                                    int give_up_fd = -1);

}  // namespace bucky::scp
