// SPDX-License-Identifier: Apache-2.0
// PatientTurns: reports on studies of one patient are made one after another, in the order in which
// they were begun, so that the report on a later study finds that on the earlier one (priors.h).
//
// Whose a study is shows when its images have been read: until then it may be anybody's, and who
// began later waits for that, some milliseconds. Reports on other patients' studies are made at
// once. Threads: any; a turn is its thread's. Each waits for earlier turns only, so that no two
// wait for each other.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>

namespace bucky {

class PatientTurns {
    using Line = std::list<std::optional<std::string>>;  // of whom each is; nothing: not known yet

public:
    class Turn {
    public:
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

        /// Says whose it is, and returns when no turn that began earlier is, or may be, of the same
        /// patient. An empty one is nobody: waits for none, and none for it.
        void wait_as(const std::string& patient);

    private:
        friend class PatientTurns;
        Turn(PatientTurns& all, Line::iterator place) : all_(all), place_(place) {}
        PatientTurns& all_;
        const Line::iterator place_;
    };

    /// Runs `take`, which decides what is begun, and begins its turn: no two at a time, so that
    /// turns are in the order in which work was taken.
    Turn begin(const std::function<void()>& take);

private:
    std::mutex beginning_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Line line_;  ///< GUARDED_BY(mutex_); earliest first
};

}  // namespace bucky
