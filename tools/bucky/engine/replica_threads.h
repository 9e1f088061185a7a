// SPDX-License-Identifier: Apache-2.0
// The internals of Replicas: the state that its callers share with the threads of its replicas.
// Members are grouped by the mutex that guards them. Only replicas.cpp and replica_threads.cpp
// include this file.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/base/error.h"
#include "conf/base/mutex.h"
#include "tools/bucky/engine/replicas.h"

namespace bucky {

/// An image in the queue. It is a copy, because the caller may have given up while a hung model
/// still reads it.
struct Request {
    explicit Request(const inference::ModelInput& image) : input(image) {}

    const inference::ModelInput input;

    // Guarded by Shared::mutex
    std::optional<std::chrono::steady_clock::time_point> started;
    std::optional<inference::ModelOutput> output;
    std::exception_ptr wrong;
    bool was_tried = false;  ///< on a device that failed: the image may be the cause
    bool done() const { return output || wrong; }
};
using Requests = std::vector<std::shared_ptr<Request>>;

struct Replica {
    MakeModel make;
    std::string device;

    // Used by its own thread only
    std::shared_ptr<inference::Model> model;
    std::size_t good_runs = 0;
    std::chrono::milliseconds come_back_in{0};
    std::chrono::steady_clock::time_point come_back_at, prove_at;

    // Guarded by Shared::mutex
    std::size_t batch = 1;  ///< images it takes at once
    bool lost = false;
    bool left_alone = false;  ///< it hangs: its thread is abandoned
    std::chrono::steady_clock::time_point rest_until;
    std::int64_t away_since_ms = 0;  ///< of the wall clock; 0: it answered last time
    std::string last_words;
    Requests at_hand;

    bool is_up() const {
        return !lost && !left_alone && rest_until <= std::chrono::steady_clock::now();
    }
};

/// A run that failed, as far as it counts here.
struct Failure {
    Error error;
    bool is_untried = false;  ///< NobodyAnswers: the images are given back as they came
    std::chrono::milliseconds later{0};

    std::exception_ptr for_caller_of(const Request& request) const;
};

/// Of the wall clock, for people.
std::int64_t wall_ms();

enum class RunsOn { device, spare };  ///< where a model runs

struct Replicas::Shared : std::enable_shared_from_this<Replicas::Shared> {
    explicit Shared(ReplicaOptions chosen, MakeModel make_spare)
        : options(std::move(chosen)), spare_maker(std::move(make_spare)) {}

    const ReplicaOptions options;
    const MakeModel spare_maker;

    mutable Mutex mutex;
    Condition work, answered;
    std::deque<std::shared_ptr<Request>> waiting GUARDED_BY(mutex);
    std::vector<std::shared_ptr<Replica>> replicas GUARDED_BY(mutex);
    std::size_t threads GUARDED_BY(mutex) = 0;  ///< without the abandoned ones
    std::size_t hanging GUARDED_BY(mutex) = 0;
    bool closing GUARDED_BY(mutex) = false;
    Tally tally GUARDED_BY(mutex);

    Mutex spare_mutex;
    std::shared_ptr<inference::Model> spare GUARDED_BY(spare_mutex);

    void begin(Replica& replica) REQUIRES(mutex);  ///< before it has a thread
    bool any_up() const REQUIRES(mutex);
    void start(const std::shared_ptr<Replica>& replica) REQUIRES(mutex);
    void give_up_on(Request& asked) REQUIRES(mutex);
    void refuse_waiting(const Error& why) REQUIRES(mutex);
    void refuse_when_all_are_away(const Error& why) REQUIRES(mutex);
    void count(std::size_t Tally::*what, const char* why, std::size_t by = 1) REQUIRES(mutex);

    // On a caller's thread, without the mutex
    Requests ask(std::span<const inference::ModelInput* const> inputs);
    std::vector<inference::ModelOutput> wait_for(const Requests& asked);

    // On a replica's thread, without the mutex
    void serve(const std::shared_ptr<Replica>& replica);
    bool wait_for_device(Replica& replica);
    void come_back(Replica& replica);
    void prove(Replica& replica);
    void rest(Replica& replica, const Requests& batch, const Failure& why);
    std::chrono::milliseconds spread(std::chrono::milliseconds wait) const;
    Requests take(Replica& replica);
    void run(Replica& replica, const Requests& batch);
    void mend(Replica& replica, const Requests& batch, const Failure& why);
    void run_on(inference::Model& model, const Requests& batch, RunsOn where);
    void run_halves(Replica& replica, const Requests& batch);
    void run_each(Replica& replica, const Requests& batch);
    void run_on_spare(const Requests& batch, const Failure& otherwise);
    void lose(Replica& replica, const Requests& batch, const Failure& why);
    void hand_over(Replica& replica, const Requests& batch, const Failure* why = nullptr);
    void fail(const Requests& batch, const Failure& why);
};

}  // namespace bucky
