// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/replicas.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"

using namespace bucky;
using namespace std::chrono_literals;
using inference::Model;
using inference::ModelInput;
using inference::ModelOutput;

namespace {

using Inputs = std::span<const ModelInput* const>;
using Script = std::function<std::vector<ModelOutput>(Inputs)>;

/// The correct answer: each image's number as its score.
std::vector<ModelOutput> echo(Inputs inputs) {
    std::vector<ModelOutput> outputs;
    for (const auto* input : inputs) outputs.push_back({{input->values.at(0)}, 0, 0, {}});
    return outputs;
}

class Scripted final : public Model {
public:
    explicit Scripted(Script script) : script_(std::move(script)) {}
    std::vector<ModelOutput> run_batch(Inputs inputs) override { return script_(inputs); }
    std::string device() const override { return "scripted"; }

private:
    Script script_;
};

MakeModel making(Script script) {
    return [script] { return std::make_shared<Scripted>(script); };
}

ModelInput image(float number) {
    return {1, 1, 1, {number}};
}

ReplicaOptions options(std::size_t batch_max = 1) {
    ReplicaOptions chosen;
    chosen.name = "scripted";
    chosen.batch_max = batch_max;
    chosen.come_back_after = 1ms;
    return chosen;
}

/// Runs images 0 to n - 1 at the same time, one thread each; nullopt where an image failed.
std::vector<std::optional<float>> ask_at_once(Replicas& replicas, int n,
                                              std::vector<Fault>* faults = nullptr) {
    std::vector<std::optional<float>> answers(static_cast<std::size_t>(n));
    std::mutex writing;
    {
        std::latch all_here(n);
        std::vector<std::jthread> callers;
        for (int i = 0; i < n; ++i) {
            callers.emplace_back([&, i] {
                all_here.arrive_and_wait();
                try {
                    const auto output = replicas.run(image(static_cast<float>(i)));
                    answers[static_cast<std::size_t>(i)] = output.scores.at(0);
                } catch (const Error& error) {
                    const std::lock_guard lock(writing);
                    if (faults != nullptr) faults->push_back(error.fault());
                }
            });
        }
    }
    return answers;
}

bool each_got_its_own(const std::vector<std::optional<float>>& answers) {
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i] != static_cast<float>(i)) return false;
    }
    return true;
}

Error error_of(Replicas& replicas, float number = 0) {
    try {
        (void)replicas.run(image(number));
    } catch (const Error& error) {
        return error;
    }
    FAIL("it answered");
    throw;
}

}  // namespace

TEST_CASE("every caller gets the answer to its own image, whichever replica ran it",
          "[tools][replicas]") {
    std::mutex seeing;
    std::set<std::thread::id> threads;
    const auto remember = [&](Inputs inputs) {
        {
            const std::lock_guard lock(seeing);
            threads.insert(std::this_thread::get_id());
        }
        return echo(inputs);
    };
    Replicas replicas{{making(remember), making(remember)}, {}, options()};
    for (int round = 0; round < 20; ++round) CHECK(each_got_its_own(ask_at_once(replicas, 16)));
    CHECK(replicas.tally().images == 320);
    CHECK(threads.size() == 2);  // and none of them a caller's
    CHECK(replicas.device() == "scripted x 2");
    CHECK(replicas.at_once() == 2);
    CHECK(replicas.troubles().empty());
}

TEST_CASE("waiting images are run together, never more than a batch holds", "[tools][replicas]") {
    std::latch first_runs(1);
    std::atomic<std::size_t> largest = 0, runs = 0;
    Replicas replicas{{making([&](Inputs inputs) {
                          if (runs++ == 0) first_runs.wait();
                          largest = std::max<std::size_t>(largest, inputs.size());
                          return echo(inputs);
                      })},
                      {},
                      options(4)};
    auto answers = std::async([&] { return ask_at_once(replicas, 13); });
    while (runs == 0) std::this_thread::yield();
    first_runs.count_down();
    CHECK(each_got_its_own(answers.get()));
    CHECK(largest <= 4);
    CHECK(replicas.tally().images == 13);
}

TEST_CASE("a batch waits for more images, but no longer than it may", "[tools][replicas]") {
    std::atomic<std::size_t> runs = 0;
    auto patient = options(8);
    patient.batch_wait = 10s;
    Replicas waits{{making([&](Inputs inputs) {
                       ++runs;
                       return echo(inputs);
                   })},
                   {},
                   patient};
    CHECK(each_got_its_own(ask_at_once(waits, 8)));  // a full batch does not wait 10 s
    CHECK(runs == 1);

    auto hasty = options(8);
    hasty.batch_wait = 1ms;
    Replicas goes{{making(echo)}, {}, hasty};
    CHECK(goes.run(image(7)).scores.at(0) == 7);  // a single image runs when the wait is over
}

TEST_CASE("an unusable answer fails the image at fault, and no other of its batch",
          "[tools][replicas]") {
    const auto unusable = GENERATE(
        as<Script>{},
        [](Inputs) -> std::vector<ModelOutput> {
            throw Error(Fault::corrupt, "scores are not finite");
        },
        [](Inputs) -> std::vector<ModelOutput> { throw std::out_of_range("vector::at"); },
        [](Inputs) -> std::vector<ModelOutput> { throw 42; },
        [](Inputs) -> std::vector<ModelOutput> { return {}; });
    constexpr float kPoison = 3;
    auto patient = options(8);
    patient.batch_wait = 1s;
    Replicas replicas{{making([&](Inputs inputs) {
                          const bool poisoned = std::any_of(
                              inputs.begin(), inputs.end(),
                              [](const auto* input) { return input->values.at(0) == kPoison; });
                          return poisoned ? unusable(inputs) : echo(inputs);
                      })},
                      {},
                      patient};
    std::vector<Fault> faults;
    auto answers = ask_at_once(replicas, 8, &faults);
    CHECK(faults == std::vector{Fault::corrupt});
    CHECK_FALSE(answers[3]);
    answers[3] = kPoison;
    CHECK(each_got_its_own(answers));
    CHECK(replicas.tally().unusable == 1);
    CHECK(replicas.answers());
}

TEST_CASE("a device without memory for a batch gets half of it, until it has enough",
          "[tools][replicas]") {
    auto patient = options(8);
    patient.batch_wait = 1s;
    std::atomic<std::size_t> largest_that_ran = 0;
    Replicas replicas{{making([&](Inputs inputs) {
                          if (inputs.size() > 2) throw Error(Fault::exhausted, "out of memory");
                          largest_that_ran = std::max<std::size_t>(largest_that_ran, inputs.size());
                          return echo(inputs);
                      })},
                      {},
                      patient};
    CHECK(each_got_its_own(ask_at_once(replicas, 8)));
    CHECK(largest_that_ran == 2);
    CHECK(replicas.tally().memory == 3);  // 8, then 4 and 4
    CHECK(each_got_its_own(ask_at_once(replicas, 2)));
    CHECK(replicas.tally().memory == 3);  // the smaller batch is remembered
}

TEST_CASE("an image for which the device has no memory goes to the spare, or is tried later",
          "[tools][replicas]") {
    const auto full = making([](Inputs) -> std::vector<ModelOutput> { throw std::bad_alloc{}; });
    Replicas with{{full}, making(echo), options()};
    CHECK(with.run(image(5)).scores.at(0) == 5);
    CHECK(with.tally().spared == 1);
    Replicas without{{full}, {}, options()};
    CHECK(error_of(without).fault() == Fault::exhausted);
    CHECK(without.answers());  // a later image may find memory
}

TEST_CASE("the images of a device that goes away are answered by the others, and it comes back",
          "[tools][replicas]") {
    std::atomic<bool> is_there = true;
    std::atomic<int> runs_there = 0;
    const MakeModel leaving = [&]() -> std::shared_ptr<Model> {
        if (!is_there) throw Error(Fault::unavailable, "no such GPU answers");
        return std::make_shared<Scripted>([&](Inputs inputs) {
            ++runs_there;
            if (!is_there) throw Error(Fault::unavailable, "CUDA error: device lost");
            return echo(inputs);
        });
    };
    Replicas replicas{{leaving, making(echo)}, {}, options()};
    is_there = false;
    while (replicas.tally().lost == 0) CHECK(each_got_its_own(ask_at_once(replicas, 8)));
    CHECK(replicas.answers());
    REQUIRE(replicas.troubles().size() == 1);
    CHECK_THAT(replicas.troubles()[0], Catch::Contains("is lost"));
    CHECK(each_got_its_own(ask_at_once(replicas, 8)));

    is_there = true;
    while (replicas.tally().back == 0) std::this_thread::yield();
    CHECK(replicas.troubles().empty());
    runs_there = 0;
    while (runs_there == 0) CHECK(each_got_its_own(ask_at_once(replicas, 8)));
}

TEST_CASE("with the last device gone images go to the spare, or are told to come later",
          "[tools][replicas]") {
    std::atomic<bool> is_there = true;
    const MakeModel leaving = [&]() -> std::shared_ptr<Model> {
        if (!is_there) throw Error(Fault::unavailable, "no such GPU answers");
        return std::make_shared<Scripted>([&](Inputs inputs) {
            if (!is_there) throw Error(Fault::unavailable, "CUDA error: device lost");
            return echo(inputs);
        });
    };
    Replicas with{{leaving}, making(echo), options(4)};
    Replicas without{{leaving}, {}, options(4)};
    is_there = false;
    CHECK(each_got_its_own(ask_at_once(with, 8)));
    CHECK(each_got_its_own(ask_at_once(with, 8)));
    CHECK(with.tally().spared == 16);
    CHECK(with.answers());

    std::vector<Fault> faults;
    ask_at_once(without, 8, &faults);
    CHECK(faults == std::vector<Fault>(8, Fault::unavailable));
    CHECK_FALSE(without.answers());
    is_there = true;
    while (!without.answers()) std::this_thread::yield();
    CHECK(each_got_its_own(ask_at_once(without, 8)));
}

TEST_CASE("a model that hangs costs its image and a thread, and the next image is answered",
          "[tools][replicas]") {
    auto impatient = options();
    impatient.answer_at_most = 300ms;
    const auto released = std::make_shared<std::latch>(1);
    Replicas replicas{{making([released](Inputs inputs) {
                          if (inputs[0]->values.at(0) == 3) released->wait();
                          return echo(inputs);
                      })},
                      {},
                      impatient};
    const Error error = error_of(replicas, 3);
    CHECK(error.fault() == Fault::corrupt);  // another try would cost another thread
    CHECK_THAT(error.what(), Catch::Contains("no answer within 300 ms"));
    CHECK(replicas.run(image(5)).scores.at(0) == 5);
    CHECK(replicas.tally().hung == 1);
    CHECK_THAT(replicas.troubles().at(0), Catch::Contains("never answered"));
    released->count_down();
    while (!replicas.troubles().empty()) std::this_thread::yield();
}

TEST_CASE("models that hang again and again are asked no more", "[tools][replicas]") {
    auto impatient = options();
    impatient.answer_at_most = 20ms;
    impatient.hung_max = 2;
    const auto released = std::make_shared<std::latch>(1);
    Replicas replicas{{making([released](Inputs inputs) {
                          released->wait();
                          return echo(inputs);
                      })},
                      {},
                      impatient};
    for (int i = 0; i < 3; ++i) CHECK(error_of(replicas).fault() == Fault::corrupt);
    CHECK_FALSE(replicas.answers());
    CHECK(error_of(replicas).fault() == Fault::unavailable);
    CHECK(replicas.troubles().size() == 2);  // the replica, and its threads
    released->count_down();
    // The abandoned threads are not joined: waiting here lets them end before the program does.
    while (replicas.troubles().size() == 2) std::this_thread::yield();
}

TEST_CASE("a model that cannot be made at the start is no surprise for the first image",
          "[tools][replicas]") {
    const MakeModel none = []() -> std::shared_ptr<Model> {
        throw Error(Fault::unavailable, "no such GPU answers");
    };
    CHECK_THROWS_WITH((Replicas{{making(echo), none}, making(echo), options()}),
                      "no such GPU answers");
}

TEST_CASE("what is done meanwhile is done while the model runs", "[tools][replicas]") {
    std::latch runs(1), is_done(1);
    Replicas replicas{{making([&](Inputs inputs) {
                          runs.count_down();
                          is_done.wait();  // for ever, if nobody does it meanwhile
                          return echo(inputs);
                      })},
                      {},
                      options()};
    const auto output = replicas.run_and(image(7), [&] {
        runs.wait();
        is_done.count_down();
    });
    CHECK(output.scores.at(0) == 7);
}

TEST_CASE("what fails meanwhile is passed on, and the next image is answered",
          "[tools][replicas]") {
    Replicas replicas{{making(echo)}, {}, options()};
    const auto fails = [] { throw Error(Fault::exhausted, "no memory"); };
    CHECK_THROWS_AS(replicas.run_and(image(1), fails), Error);
    CHECK(replicas.run(image(2)).scores.at(0) == 2);
}
