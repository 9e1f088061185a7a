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
    std::chrono::steady_clock::time_point come_back_at;

    // Guarded by Shared::mutex
    std::size_t batch = 1;  ///< images it takes at once
    bool lost = false;
    bool left_alone = false;  ///< it hangs: its thread is abandoned
    std::string last_words;
    Requests at_hand;
};

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

    bool any_up() const REQUIRES(mutex);
    void start(const std::shared_ptr<Replica>& replica) REQUIRES(mutex);
    void give_up_on(Request& asked) REQUIRES(mutex);
    void refuse_waiting(const Error& why) REQUIRES(mutex);
    void count(std::size_t Tally::*what, const char* why, std::size_t by = 1) REQUIRES(mutex);

    // On a replica's thread, without the mutex
    void serve(const std::shared_ptr<Replica>& replica);
    bool wait_for_device(Replica& replica);
    void come_back(Replica& replica);
    Requests take(Replica& replica);
    void run(Replica& replica, const Requests& batch);
    void mend(Replica& replica, const Requests& batch, const Error& why);
    void run_on(inference::Model& model, const Requests& batch, RunsOn where);
    void run_halves(Replica& replica, const Requests& batch);
    void run_each(Replica& replica, const Requests& batch);
    void run_on_spare(const Requests& batch, const Error& otherwise);
    void lose(Replica& replica, const Requests& batch, const Error& why);
    void hand_over(Replica& replica, const Requests& batch);
    void fail(const Requests& batch, const Error& why);
};

}  // namespace bucky
