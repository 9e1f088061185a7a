// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace bucky {
namespace {

constexpr int kNiceBehind = 5;

}  // namespace

void lower_priority() {
    // The niceness of the first thread shows how the node was started. A fixed niceness would
    // starve the workers beside other processes that run at the node's own. Linux applies it to a
    // thread by its id (sched(7)); elsewhere nothing breaks.
    const int own = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::getpid()));
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), own + kNiceBehind);
}

bool has_senders(const conf::Settings& settings) {
    return settings.scp.plain || !settings.listeners.empty() || !settings.web.listen.empty();
}

}  // namespace bucky
