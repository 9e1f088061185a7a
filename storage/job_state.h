// SPDX-License-Identifier: Apache-2.0
// The states of a job as a table. Code calls next(), a test checks every pair, and the figure in
// docs/architecture.md is printed from kSteps.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace bucky::storage {

enum class JobState { ready, running, done, parked };
enum class JobEvent { claimed, finished, failed, gave_up, lease_expired, resubmitted };

struct Step {
    JobState from;
    JobEvent event;
    JobState to;
};

inline constexpr std::array kSteps{
    Step{JobState::ready, JobEvent::claimed, JobState::running},
    Step{JobState::running, JobEvent::finished, JobState::done},
    Step{JobState::running, JobEvent::failed, JobState::ready},         // after a back-off
    Step{JobState::running, JobEvent::gave_up, JobState::parked},       // waits for a person
    Step{JobState::running, JobEvent::lease_expired, JobState::ready},  // its worker died
    Step{JobState::parked, JobEvent::resubmitted, JobState::ready},
};

constexpr std::optional<JobState> next(JobState state, JobEvent event) {
    for (const auto& step : kSteps) {
        if (step.from == state && step.event == event) return step.to;
    }
    return std::nullopt;
}
static_assert(!next(JobState::done, JobEvent::claimed));

constexpr std::string_view name_of(JobState state) {
    switch (state) {
        case JobState::ready: return "ready";
        case JobState::running: return "running";
        case JobState::done: return "done";
        case JobState::parked: return "parked";
    }
    __builtin_unreachable();
}

constexpr std::string_view name_of(JobEvent event) {
    switch (event) {
        case JobEvent::claimed: return "claimed";
        case JobEvent::finished: return "finished";
        case JobEvent::failed: return "failed";
        case JobEvent::gave_up: return "gave_up";
        case JobEvent::lease_expired: return "lease_expired";
        case JobEvent::resubmitted: return "resubmitted";
    }
    __builtin_unreachable();
}

}  // namespace bucky::storage
