// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/audit.h"

#include <utility>

#include "conf/base/mutex.h"
#include "conf/run/immortal.h"

namespace bucky::audit {
namespace {

struct Registered {
    SharedMutex mutex;
    Recorder recorder GUARDED_BY(mutex);
};

Registered& registered() {
    return immortal<Registered>();
}

}  // namespace

void record_with(Recorder recorder) {
    auto& to = registered();
    const WriterLock lock(to.mutex);
    to.recorder = std::move(recorder);
}

bool is_recorded() {
    auto& to = registered();
    const ReaderLock lock(to.mutex);
    return static_cast<bool>(to.recorder);
}

void tell(const Event& event) {
    auto& to = registered();
    const ReaderLock lock(to.mutex);
    if (to.recorder) to.recorder(event);
}

}  // namespace bucky::audit
