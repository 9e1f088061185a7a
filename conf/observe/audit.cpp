// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/audit.h"

#include <mutex>
#include <shared_mutex>
#include <utility>

#include "conf/run/immortal.h"

namespace bucky::audit {
namespace {

struct Desk {
    std::shared_mutex mutex;
    Recorder recorder;
};

Desk& desk() {
    return immortal<Desk>();
}

}  // namespace

void record_with(Recorder recorder) {
    const std::lock_guard lock(desk().mutex);
    desk().recorder = std::move(recorder);
}

bool is_recorded() {
    const std::shared_lock lock(desk().mutex);
    return static_cast<bool>(desk().recorder);
}

void tell(const Event& event) {
    const std::shared_lock lock(desk().mutex);
    if (desk().recorder) desk().recorder(event);
}

}  // namespace bucky::audit
