// SPDX-License-Identifier: Apache-2.0
// PatientTurns: reports on studies of one patient are made one after another, in the order in which
// they were begun, so that the report on a later study finds the report on the earlier one
// (priors.h).
//
// The patient of a study is known only when its images have been read. Until then it may be any
// patient's, and studies begun later wait for that, some milliseconds. Reports on other patients'
// studies are made in parallel. Any thread; a turn belongs to one thread. A turn waits for earlier
// turns only, so deadlocks are impossible.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>

#include "conf/base/mutex.h"

namespace bucky {

class PatientTurns {
    using Line =
        std::list<std::optional<std::string>>;  // the patient of each; nullopt: not known yet

public:
    class Turn {
    public:
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

        /// Sets the patient, and returns when no earlier turn is, or may be, of the same patient.
        /// An empty `patient` waits for no turn, and no turn waits for it.
        void wait_as(const std::string& patient);

    private:
        friend class PatientTurns;
        Turn(PatientTurns& all, Line::iterator place) : all_(all), place_(place) {}
        PatientTurns& all_;
        const Line::iterator place_;
    };

    /// Runs `take`, which chooses the work, and begins its turn. Calls are serialized, so that
    /// turns are in the order in which work was taken.
    Turn begin(const std::function<void()>& take);

private:
    Mutex beginning_;  ///< held while work is taken, so that `line_` has its order
    Mutex mutex_;
    Condition changed_;
    Line line_ GUARDED_BY(mutex_);  ///< earliest first
};

}  // namespace bucky
