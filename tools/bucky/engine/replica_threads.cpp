// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/replica_threads.h"

#include <algorithm>
#include <random>
#include <thread>

#include <pthread.h>

#include "conf/base/clock.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/shared/priority.h"

namespace bucky {
namespace {

using inference::Model;
using inference::ModelInput;
using inference::ModelOutput;
using Now = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kComeBackCap = 20;              // times the first wait
constexpr std::size_t kGoodRunsToGrow = 100;  // after a shortage of memory, before a larger batch

/// Waits are no longer than this in one piece.
constexpr auto kLongWait = 1h;

/// Every exception of a model.
Failure failure_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const inference::Later& pause) {  // it told how long
        return {pause, true, pause.after()};
    } catch (const inference::NobodyAnswers& away) {  // the images were not tried
        return {away, true};
    } catch (const Error& ours) {  // its fault says what to do
        return {ours};
    } catch (const std::bad_alloc&) {  // the model may succeed with fewer images at once
        return {Error{Fault::exhausted, "no memory for the model"}};
    } catch (const std::exception& theirs) {  // LibTorch throws exceptions of its own
        return {Error{Fault::corrupt, "the model threw: {}", theirs.what()}};
    } catch (...) {  // a package is foreign code and may throw anything
        return {Error{Fault::corrupt, "the model threw something that is no exception"}};
    }
}

}  // namespace

std::int64_t wall_ms() {
    return SystemClock{}.now_ms();
}

std::exception_ptr Failure::for_caller_of(const Request& request) const {
    return is_untried && !request.was_tried
               ? std::make_exception_ptr(inference::NobodyAnswers(error.what()))
               : std::make_exception_ptr(error);
}

void Replicas::Shared::start(const std::shared_ptr<Replica>& replica) {
    ++threads;
    std::thread{[shared = shared_from_this(), replica] {
        ::pthread_setname_np(::pthread_self(), "model");
        if (shared->options.lower_priority) lower_priority();
        shared->serve(replica);
    }}.detach();  // the destructor counts threads: a hung one cannot be joined
}

void Replicas::Shared::serve(const std::shared_ptr<Replica>& replica) {
    while (wait_for_device(*replica)) {
        const Requests batch = take(*replica);
        if (!batch.empty()) run(*replica, batch);
        const MutexLock lock(mutex);
        replica->at_hand.clear();
        if (replica->left_alone) {  // it hung and answered after all: it was replaced
            --hanging;
            return;
        }
    }
    replica->model = nullptr;
    const MutexLock lock(mutex);
    --threads;
    answered.notify_all();
}

/// Waits for work that this replica may do. Returns false when the destructor runs.
bool Replicas::Shared::wait_for_device(Replica& replica) {
    while (true) {
        if (replica.model == nullptr && Now::now() >= replica.come_back_at) come_back(replica);
        prove(replica);
        MutexLock lock(mutex);
        const auto may_work = [&]() REQUIRES(mutex) {
            return closing || (!waiting.empty() && (replica.is_up() || (spare_maker && !any_up())));
        };
        auto until = Now::now() + kLongWait;
        if (replica.lost) until = std::min(until, replica.come_back_at);
        if (replica.rest_until > Now::now()) until = std::min(until, replica.rest_until);
        if (options.prove_every > 0ms && replica.model) until = std::min(until, replica.prove_at);
        if (work.wait_until(lock, until, may_work)) return !closing;
    }
}

std::chrono::milliseconds Replicas::Shared::spread(std::chrono::milliseconds wait) const {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> part{1, 1 + options.spread};
    return std::chrono::ceil<std::chrono::milliseconds>(wait * part(random));
}

/// Makes sure, now and then, that the device still has the right model.
void Replicas::Shared::prove(Replica& replica) {
    const bool is_due =
        options.prove_every > 0ms && replica.model != nullptr && Now::now() >= replica.prove_at;
    if (!is_due) return;
    replica.prove_at = Now::now() + spread(options.prove_every);
    try {
        replica.model->prove();
    } catch (...) {  // the device is away, or has another model
        const Failure why = failure_of(std::current_exception());
        why.later > 0ms ? rest(replica, {}, why) : lose(replica, {}, why);
    }
}

/// The device asked for a pause. It keeps its model.
void Replicas::Shared::rest(Replica& replica, const Requests& batch, const Failure& why) {
    {
        const MutexLock lock(mutex);
        count(&Tally::rested, "rested");
        replica.rest_until = Now::now() + spread(why.later);
        replica.last_words = why.error.what();
        if (replica.away_since_ms == 0) replica.away_since_ms = wall_ms();
        refuse_when_all_are_away(why.error);
    }
    log::event(log::Level::warning, "model.rests",
               {{"model", options.name},
                {"device", replica.device},
                {"words", why.error.what()},
                {"for_s", why.later.count() / 1000}});
    hand_over(replica, batch, &why);
}

/// Makes the replica's model anew, on a device that may be back.
void Replicas::Shared::come_back(Replica& replica) {
    bool is_alive = false;
    try {
        if (options.check_alive) options.check_alive();
        is_alive = true;
        replica.model = replica.make();
        replica.come_back_in = 0ms;
        const MutexLock lock(mutex);
        if (replica.lost) count(&Tally::back, "back");
        replica.lost = false;
        replica.away_since_ms = 0;
        replica.prove_at = Now::now() + spread(options.prove_every);
        replica.device = replica.model->device();
        log::event("model.back", {{"model", options.name}, {"device", replica.device}});
    } catch (...) {  // nobody is there: asked again soon; there and not right: the wait doubles
        const Failure why = failure_of(std::current_exception());
        const auto first = options.come_back_after;
        replica.come_back_in = is_alive ? std::clamp<std::chrono::milliseconds>(
                                              2 * replica.come_back_in, first, kComeBackCap * first)
                                        : first;
        replica.come_back_at = Now::now() + spread(std::max(replica.come_back_in, why.later));
        const MutexLock lock(mutex);
        replica.lost = true;
        replica.last_words = why.error.what();
        if (replica.away_since_ms == 0) replica.away_since_ms = wall_ms();
        refuse_when_all_are_away(why.error);
    }
}

Requests Replicas::Shared::take(Replica& replica) {
    MutexLock lock(mutex);
    const std::size_t most = replica.lost ? 1 : replica.batch;
    if (options.batch_wait > 0ms && most > 1) {
        work.wait_for(lock, options.batch_wait,
                      [&]() REQUIRES(mutex) { return closing || waiting.size() >= most; });
    }
    Requests batch;
    while (batch.size() < most && !waiting.empty()) {
        batch.push_back(std::move(waiting.front()));
        waiting.pop_front();
    }
    replica.at_hand = batch;
    return batch;
}

void Replicas::Shared::run(Replica& replica, const Requests& batch) {
    bool is_resting = false;
    {
        const MutexLock lock(mutex);
        if (replica.left_alone) return;
        is_resting = replica.rest_until > Now::now();
    }
    // The model was lost in an earlier part of this batch, or given up for the spare.
    if (replica.model == nullptr || is_resting) return hand_over(replica, batch);
    try {
        run_on(*replica.model, batch, RunsOn::device);
        const MutexLock lock(mutex);
        replica.away_since_ms = 0;
        if (replica.batch < options.batch_max && ++replica.good_runs >= kGoodRunsToGrow) {
            replica.batch = std::min(2 * replica.batch, options.batch_max);
            replica.good_runs = 0;
        }
    } catch (...) {  // mend() decides by the fault of the error
        mend(replica, batch, failure_of(std::current_exception()));
    }
}

/// Decides what a failed run means for its images and for the replica.
void Replicas::Shared::mend(Replica& replica, const Requests& batch, const Failure& why) {
    MutexLock lock(mutex);
    if (replica.left_alone) return;  // it hung before it failed: its images are answered
    for (const auto& request : batch) request->started.reset();
    const bool is_one = batch.size() == 1;
    switch (why.error.fault()) {
        case Fault::exhausted:
            count(&Tally::memory, "memory");
            lock.unlock();
            return is_one ? run_on_spare(batch, why) : run_halves(replica, batch);
        case Fault::unavailable:
            lock.unlock();
            return why.later > 0ms ? rest(replica, batch, why) : lose(replica, batch, why);
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt:
        case Fault::bug:
            if (is_one) count(&Tally::unusable, "unusable");
            lock.unlock();
            return is_one ? fail(batch, why) : run_each(replica, batch);
    }
}

void Replicas::Shared::run_on(Model& model, const Requests& batch, RunsOn where) {
    std::vector<const ModelInput*> inputs;
    for (const auto& request : batch) inputs.push_back(&request->input);
    {
        const MutexLock lock(mutex);
        for (const auto& request : batch) request->started = Now::now();
    }
    const auto began = Now::now();
    std::vector<ModelOutput> outputs = model.run_batch(inputs);
    metrics::observe("bucky_model_run_seconds",
                     std::chrono::duration<double>(Now::now() - began).count(),
                     {{"model", options.name}});
    if (outputs.size() != batch.size()) {
        throw Error(Fault::corrupt, "the model gave {} answers to {} images", outputs.size(),
                    batch.size());
    }
    const MutexLock lock(mutex);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch[i]->done()) continue;  // given up on
        batch[i]->output = std::move(outputs[i]);
        ++tally.images;
    }
    // Counted under the lock that releases the callers: a caller with an answer finds it in the
    // tally.
    ++tally.runs;
    if (where == RunsOn::spare) count(&Tally::spared, "spared", batch.size());
    answered.notify_all();
}

void Replicas::Shared::run_halves(Replica& replica, const Requests& batch) {
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    {
        const MutexLock lock(mutex);
        replica.batch = std::max<std::size_t>(1, batch.size() / 2);
        replica.good_runs = 0;
    }
    run(replica, {batch.begin(), middle});
    run(replica, {middle, batch.end()});
}

void Replicas::Shared::run_each(Replica& replica, const Requests& batch) {
    for (const auto& request : batch) run(replica, {request});
}

void Replicas::Shared::run_on_spare(const Requests& batch, const Failure& otherwise) {
    if (!spare_maker) return fail(batch, otherwise);
    try {
        const MutexLock lock(spare_mutex);
        if (spare == nullptr) spare = spare_maker();
        run_on(*spare, batch, RunsOn::spare);
    } catch (...) {  // the spare is the last try: its images fail
        fail(batch, failure_of(std::current_exception()));
    }
}

void Replicas::Shared::lose(Replica& replica, const Requests& batch, const Failure& why) {
    replica.model = nullptr;
    replica.come_back_in = options.come_back_after;
    replica.come_back_at = Now::now() + spread(replica.come_back_in);
    const std::string words = why.error.what();
    log::event(log::Level::error, "model.lost",
               {{"model", options.name}, {"device", replica.device}, {"words", words}});
    {
        const MutexLock lock(mutex);
        count(&Tally::lost, "lost");
        replica.lost = true;
        replica.last_words = words;
        if (replica.away_since_ms == 0) replica.away_since_ms = wall_ms();
        refuse_when_all_are_away(why.error);
    }
    hand_over(replica, batch, &why);
}

/// Returns the images of a replica that is away to the front of the queue, or gives them to the
/// spare when no other replica is up. `why`: they were tried, and failed so; null: they were not.
void Replicas::Shared::hand_over(Replica& replica, const Requests& batch, const Failure* why) {
    MutexLock lock(mutex);
    for (const auto& request : batch) {
        if (why != nullptr && !why->is_untried) request->was_tried = true;
    }
    if (!any_up()) {
        const Failure away{Error{Fault::unavailable, "{}: {}", options.name, replica.last_words},
                           why == nullptr || why->is_untried};
        lock.unlock();
        return batch.empty() ? void() : run_on_spare(batch, away);
    }
    for (auto one = batch.rbegin(); one != batch.rend(); ++one) {
        if ((*one)->done()) continue;
        (*one)->started.reset();
        waiting.push_front(*one);
    }
    replica.at_hand.clear();
    work.notify_all();
}

void Replicas::Shared::fail(const Requests& batch, const Failure& why) {
    const MutexLock lock(mutex);
    for (const auto& request : batch) {
        if (!request->done()) request->wrong = why.for_caller_of(*request);
    }
    answered.notify_all();
}

}  // namespace bucky
