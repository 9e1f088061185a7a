// SPDX-License-Identifier: Apache-2.0
// The internals of Replicas: the state that its callers share with the threads of its replicas.
// Members are grouped by the mutex that guards them. Only replicas.cpp and replica_threads.cpp
// include this file.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/base/error.h"
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

    mutable std::mutex mutex;
    std::condition_variable work, answered;
    // Guarded by mutex
    std::deque<std::shared_ptr<Request>> waiting;
    std::vector<std::shared_ptr<Replica>> replicas;
    std::size_t threads = 0;  ///< without the abandoned ones
    std::size_t hanging = 0;
    bool closing = false;
    Tally tally;

    std::mutex spare_mutex;
    std::shared_ptr<inference::Model> spare;  ///< guarded by spare_mutex

    // The mutex must be held
    bool any_up() const;
    void start(const std::shared_ptr<Replica>& replica);
    void give_up_on(Request& asked);
    void refuse_waiting(const Error& why);
    void count(std::size_t Tally::*what, const char* why, std::size_t by = 1);

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
