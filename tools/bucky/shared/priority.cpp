// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace bucky {
namespace {

constexpr int kNiceBehind = 5;

}  // namespace

void lower_priority() {
    // The first thread shows how the node itself was started: beside a neighbour that has as much
    // as the node, workers of a fixed niceness would starve. Linux takes a thread's id for a
    // process (sched(7)). Without it, nothing breaks.
    const int own = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::getpid()));
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), own + kNiceBehind);
}

}  // namespace bucky
