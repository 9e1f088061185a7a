// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/patient_turns.h"

#include <algorithm>

namespace bucky {

PatientTurns::Turn PatientTurns::begin(const std::function<void()>& take) {
    const MutexLock one_at_a_time(beginning_);
    take();
    const MutexLock lock(mutex_);
    return {*this, line_.insert(line_.end(), std::nullopt)};
}

void PatientTurns::Turn::wait_as(const std::string& patient) {
    MutexLock lock(all_.mutex_);
    *place_ = patient;
    all_.changed_.notify_all();
    if (patient.empty()) return;
    all_.changed_.wait(lock, [&]() REQUIRES(all_.mutex_) {
        return std::none_of(all_.line_.begin(), place_,
                            [&](const auto& other) { return !other || *other == patient; });
    });
}

PatientTurns::Turn::~Turn() {
    {
        const MutexLock lock(all_.mutex_);
        all_.line_.erase(place_);
    }
    all_.changed_.notify_all();
}

}  // namespace bucky
