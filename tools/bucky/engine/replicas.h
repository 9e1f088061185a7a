// SPDX-License-Identifier: Apache-2.0
// Replicas: several models of one package behind the interface of one Model.
//
// A call joins a queue and waits for its answer. Each replica is a thread with its own model,
// device and number of threads. It takes as many waiting images as its batch holds, waits at most
// `batch_wait` for more, and runs them. Failures are told apart:
//   unusable answer  the images of that run are run one by one: only the image at fault fails
//   no memory        half as many at once; a single image goes to the spare, else `exhausted`
//   device gone      the replica's images go to the others while it tries to come back; when no
//                    replica is left they go to the spare, else `unavailable`: a later try, or
//                    NobodyAnswers where they were not tried at all
//   Later            the same, but the replica keeps its model and rests as long as it was told
//   no answer        the waiting calls get `corrupt`, since every further try would cost a thread;
//                    the thread is abandoned and replaced, up to hung_max times
// Any thread may call. The destructor waits for runs in progress, but not for hung ones.
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
    /// Throws where nobody is there. Asked of a device that is lost before its model is made, since
    /// it costs little: while it throws, the wait does not double. Empty: nothing is asked.
    std::function<void()> check_alive{};
    std::size_t hung_max = 8;
    bool lower_priority = true;  ///< its threads step back behind those that answer senders
    /// Up to this part of each wait is added at random, so that a service that is back does not
    /// see all its sites at once.
    double spread = 0;
    std::chrono::milliseconds prove_every{0};  ///< Model::prove(); 0: never
    /// A device that may be away at the start, by its name; empty: its fault is passed on.
    std::string may_be_away{};
};

class Replicas final : public inference::Model {
public:
    /// Makes every model of `makes`, one after another, and passes on what they throw. The spare
    /// (empty: none) is made on first use.
    Replicas(const std::vector<MakeModel>& makes, MakeModel spare, ReplicaOptions options);
    Replicas(const Replicas&) = delete;
    Replicas& operator=(const Replicas&) = delete;
    ~Replicas() override;

    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override;
    inference::ModelOutput run_and(const inference::ModelInput& input,
                                   const std::function<void()>& meanwhile) override;

    std::string device() const override;  ///< "cpu (1 thread) x 2"

    /// The number of images that it runs at once; further callers wait.
    std::size_t at_once() const;

    /// At least one replica, or the spare, would answer now.
    bool answers() const override;

    /// What the admin should know, one sentence each; empty when all replicas are up.
    std::vector<std::string> troubles() const override;

    std::int64_t away_since_ms() const override;  ///< also 0 while the spare answers

    struct Tally {
        std::size_t images = 0;    ///< answered
        std::size_t runs = 0;      ///< of a model, with an answer
        std::size_t memory = 0;    ///< runs that found no memory
        std::size_t lost = 0;      ///< devices that went away
        std::size_t back = 0;      ///< ... and came back
        std::size_t hung = 0;      ///< runs that gave no answer in time
        std::size_t unusable = 0;  ///< images without a usable answer
        std::size_t spared = 0;    ///< images that the spare answered
        std::size_t rested = 0;    ///< pauses that a device asked for
    };
    Tally tally() const;

private:
    struct Shared;  ///< shared with its threads; outlives it while a thread hangs
    std::shared_ptr<Shared> shared_;
};

}  // namespace bucky
