// SPDX-License-Identifier: Apache-2.0
// Replicas: one package's models at work, behind the interface of one Model.
//
// A call joins a queue and waits for its answer. Each replica is a thread with a model of its own,
// on its own device and with its own number of threads; it takes as many waiting images as its
// batch holds, waits at most `batch_wait` for more, and runs them. What goes wrong is told apart:
//   unusable answer  the images of that run are run one by one: who is at fault fails alone
//   no memory        half as many at once; a single image goes to the spare, else `exhausted`
//   device gone      the replica's images go to the others while it tries to come back; with none
//                    left they go to the spare, else `unavailable`: a later try
//   no answer        whoever waits is told `corrupt`, since every further try would cost a thread;
//                    the thread is left to itself and another takes its place, hung_max times
// Threads: any may call. The destructor waits for runs at hand, but not for hung ones.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "inference/run/model.h"

namespace bucky {

using MakeModel = std::function<std::shared_ptr<inference::Model>()>;

struct ReplicaOptions {
    std::string name;  ///< of the package: for metrics, logs and troubles
    std::size_t batch_max = 1;
    std::chrono::milliseconds batch_wait{0};
    std::chrono::milliseconds answer_at_most = std::chrono::minutes{5};
    std::chrono::milliseconds come_back_after = std::chrono::seconds{5};  ///< doubles, to 20 times
    std::size_t hung_max = 8;
};

class Replicas final : public inference::Model {
public:
    /// Makes every model of `makes`, one after another, and lets what they throw through. The spare
    /// (empty: none) is made when it is needed first.
    Replicas(const std::vector<MakeModel>& makes, MakeModel spare, ReplicaOptions options);
    Replicas(const Replicas&) = delete;
    Replicas& operator=(const Replicas&) = delete;
    ~Replicas() override;

    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override;

    std::string device() const override;  ///< "cpu (1 thread) x 2"

    /// How many images it works on at once: callers beyond these only wait.
    std::size_t at_once() const;

    /// Somebody would answer now, if asked.
    bool answers() const;

    /// What a person should know, a sentence each; empty when all replicas are up.
    std::vector<std::string> troubles() const;

    struct Tally {
        std::size_t images = 0;    ///< answered
        std::size_t runs = 0;      ///< of a model, that answered
        std::size_t memory = 0;    ///< runs that found no memory
        std::size_t lost = 0;      ///< devices that went away
        std::size_t back = 0;      ///< ... and came back
        std::size_t hung = 0;      ///< runs that gave no answer in time
        std::size_t unusable = 0;  ///< images whose answer was none
        std::size_t spared = 0;    ///< images that the spare answered
    };
    Tally tally() const;

private:
    struct Shared;  ///< what its threads share with it: outlives it while a thread hangs
    std::shared_ptr<Shared> shared_;
};

}  // namespace bucky
