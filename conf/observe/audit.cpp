// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/audit.h"

#include <mutex>
#include <shared_mutex>
#include <utility>

#include "conf/run/immortal.h"

namespace bucky::audit {
namespace {

struct Registered {
    std::shared_mutex mutex;
    Recorder recorder;
};

Registered& registered() {
    return immortal<Registered>();
}

}  // namespace

void record_with(Recorder recorder) {
    const std::lock_guard lock(registered().mutex);
    registered().recorder = std::move(recorder);
}

bool is_recorded() {
    const std::shared_lock lock(registered().mutex);
    return static_cast<bool>(registered().recorder);
}

void tell(const Event& event) {
    const std::shared_lock lock(registered().mutex);
    if (registered().recorder) registered().recorder(event);
}

}  // namespace bucky::audit
