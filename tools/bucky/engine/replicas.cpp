// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/replicas.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pthread.h>

#include "conf/base/error.h"
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
constexpr auto kLookAtMost = 1s;              // between two looks at a run that may hang

/// An image on its way: a copy, because its owner may have given up while a hung model reads it.
struct Request {
    explicit Request(const ModelInput& image) : input(image) {}

    const ModelInput input;

    // Guarded by Shared::mutex
    std::optional<Now::time_point> started;
    std::optional<ModelOutput> output;
    std::exception_ptr wrong;
    bool done() const { return output || wrong; }
};
using Requests = std::vector<std::shared_ptr<Request>>;

struct Replica {
    MakeModel make;
    std::string device;

    // Of its thread alone
    std::shared_ptr<Model> model;
    std::size_t good_runs = 0;
    std::chrono::milliseconds come_back_in{0};
    Now::time_point come_back_at;

    // Guarded by Shared::mutex
    std::size_t batch = 1;  ///< images it takes at once
    bool lost = false;
    bool left_alone = false;  ///< it hangs: nobody waits for it any more
    std::string last_words;
    Requests at_hand;
};

enum class RunsOn { device, spare };  ///< where a model runs

/// Whatever a model throws is an Error from here on.
Error error_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const Error& ours) {
        return ours;
    } catch (const std::bad_alloc&) {
        return {Fault::exhausted, "no memory for the model"};
    } catch (const std::exception& theirs) {
        return {Fault::corrupt, "the model threw: {}", theirs.what()};
    } catch (...) {
        return {Fault::corrupt, "the model threw something that is no exception"};
    }
}

}  // namespace

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
    std::size_t threads = 0;  ///< that are not left alone
    std::size_t hanging = 0;
    bool closing = false;
    Tally tally;

    std::mutex spare_mutex;
    std::shared_ptr<Model> spare;  ///< guarded by spare_mutex

    // With the mutex held
    bool any_up() const;
    void start(const std::shared_ptr<Replica>& replica);
    void give_up_on(Request& asked);
    void refuse_waiting(const Error& why);
    void count(std::size_t Tally::*what, const char* why, std::size_t by = 1);

    // Of a replica's thread, without it
    void serve(const std::shared_ptr<Replica>& replica);
    bool wait_for_device(Replica& replica);
    void come_back(Replica& replica);
    Requests take(Replica& replica);
    void run(Replica& replica, const Requests& batch);
    void mend(Replica& replica, const Requests& batch, const Error& why);
    void run_on(Model& model, const Requests& batch, RunsOn where);
    void run_halves(Replica& replica, const Requests& batch);
    void run_each(Replica& replica, const Requests& batch);
    void run_on_spare(const Requests& batch, const Error& otherwise);
    void lose(Replica& replica, const Requests& batch, const Error& why);
    void hand_over(Replica& replica, const Requests& batch);
    void fail(const Requests& batch, const Error& why);
};

// --- With the mutex held ----------------------------------------------------------------------

bool Replicas::Shared::any_up() const {
    return std::any_of(replicas.begin(), replicas.end(),
                       [](const auto& replica) { return !replica->lost && !replica->left_alone; });
}

void Replicas::Shared::start(const std::shared_ptr<Replica>& replica) {
    ++threads;
    std::thread{[shared = shared_from_this(), replica] {
        ::pthread_setname_np(::pthread_self(), "model");
        lower_priority();
        shared->serve(replica);
    }}.detach();  // the destructor counts them instead: one that hangs can not be joined
}

void Replicas::Shared::count(std::size_t Tally::*what, const char* why, std::size_t by) {
    tally.*what += by;
    metrics::count("bucky_model_troubles_total", {{"model", options.name}, {"what", why}},
                   static_cast<double>(by));
}

/// The run that `asked` is part of gives no answer.
void Replicas::Shared::give_up_on(Request& asked) {
    const auto found = std::find_if(replicas.begin(), replicas.end(), [&](const auto& replica) {
        return std::any_of(replica->at_hand.begin(), replica->at_hand.end(),
                           [&](const auto& one) { return one.get() == &asked; });
    });
    if (found == replicas.end()) return;
    const auto hung = *found;
    count(&Tally::hung, "hung");
    const auto runs = [](const auto& request) { return !request->done() && request->started; };
    const bool alone = std::count_if(hung->at_hand.begin(), hung->at_hand.end(), runs) == 1;
    const Error why(alone ? Fault::corrupt : Fault::unavailable,
                    "the model gave no answer within {} ms", options.answer_at_most.count());
    log::event(
        log::Level::error, "model.hung",
        {{"model", options.name}, {"device", hung->device}, {"images", hung->at_hand.size()}});
    for (const auto& request : hung->at_hand) {
        if (runs(request)) {
            request->wrong = std::make_exception_ptr(why);
        } else if (!request->done()) {
            waiting.push_front(request);  // of the same batch, but its run had not begun
        }
    }
    hung->at_hand.clear();
    hung->left_alone = true;
    hung->last_words = why.what();
    --threads;
    if (++hanging <= options.hung_max && !closing) {
        auto next = std::make_shared<Replica>();
        next->make = hung->make;
        next->device = hung->device;
        next->batch = hung->batch;
        *found = next;
        start(next);
    } else if (!any_up()) {
        refuse_waiting({Fault::unavailable, "{}: every replica hangs", options.name});
    }
    answered.notify_all();
}

void Replicas::Shared::refuse_waiting(const Error& why) {
    for (const auto& request : waiting) request->wrong = std::make_exception_ptr(why);
    waiting.clear();
    answered.notify_all();
}

// --- A replica's thread -----------------------------------------------------------------------

void Replicas::Shared::serve(const std::shared_ptr<Replica>& replica) {
    while (wait_for_device(*replica)) {
        const Requests batch = take(*replica);
        if (!batch.empty()) run(*replica, batch);
        const std::lock_guard lock(mutex);
        replica->at_hand.clear();
        if (replica->left_alone) {  // it hung, and came back after all: another has its place
            --hanging;
            return;
        }
    }
    replica->model = nullptr;
    const std::lock_guard lock(mutex);
    --threads;
    answered.notify_all();
}

/// Until there is work that this replica may do. False: the office closes.
bool Replicas::Shared::wait_for_device(Replica& replica) {
    while (true) {
        if (replica.model == nullptr && Now::now() >= replica.come_back_at) come_back(replica);
        std::unique_lock lock(mutex);
        const auto may_work = [&] {
            return closing || (!waiting.empty() && (!replica.lost || (spare_maker && !any_up())));
        };
        if (!replica.lost) {
            work.wait(lock, may_work);
            return !closing;
        }
        if (work.wait_until(lock, replica.come_back_at, may_work)) return !closing;
    }
}

/// Makes the replica's model, on a device that may be there again.
void Replicas::Shared::come_back(Replica& replica) {
    try {
        replica.model = replica.make();
        replica.come_back_in = 0ms;
        const std::lock_guard lock(mutex);
        if (replica.lost) count(&Tally::back, "back");
        replica.lost = false;
        log::event("model.back", {{"model", options.name}, {"device", replica.device}});
    } catch (...) {
        const Error why = error_of(std::current_exception());
        replica.come_back_in =
            std::clamp<std::chrono::milliseconds>(2 * replica.come_back_in, options.come_back_after,
                                                  kComeBackCap * options.come_back_after);
        replica.come_back_at = Now::now() + replica.come_back_in;
        const std::lock_guard lock(mutex);
        replica.lost = true;
        replica.last_words = why.what();
        if (!any_up() && !spare_maker) refuse_waiting(why);
    }
}

Requests Replicas::Shared::take(Replica& replica) {
    std::unique_lock lock(mutex);
    const std::size_t most = replica.lost ? 1 : replica.batch;
    if (options.batch_wait > 0ms && most > 1) {
        work.wait_for(lock, options.batch_wait, [&] { return closing || waiting.size() >= most; });
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
    {
        const std::lock_guard lock(mutex);
        if (replica.left_alone) return;
    }
    // Lost in an earlier part of this batch, or taken up for the spare.
    if (replica.model == nullptr) return hand_over(replica, batch);
    try {
        run_on(*replica.model, batch, RunsOn::device);
        const std::lock_guard lock(mutex);
        if (replica.batch < options.batch_max && ++replica.good_runs >= kGoodRunsToGrow) {
            replica.batch = std::min(2 * replica.batch, options.batch_max);
            replica.good_runs = 0;
        }
    } catch (...) {
        mend(replica, batch, error_of(std::current_exception()));
    }
}

/// What a failed run means for its images, and for the replica.
void Replicas::Shared::mend(Replica& replica, const Requests& batch, const Error& why) {
    std::unique_lock lock(mutex);
    if (replica.left_alone) return;  // it hung before it failed: its images have gone elsewhere
    for (const auto& request : batch) request->started.reset();
    const bool is_one = batch.size() == 1;
    switch (why.fault()) {
        case Fault::exhausted:
            count(&Tally::memory, "memory");
            lock.unlock();
            return is_one ? run_on_spare(batch, why) : run_halves(replica, batch);
        case Fault::unavailable: lock.unlock(); return lose(replica, batch, why);
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
        const std::lock_guard lock(mutex);
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
    const std::lock_guard lock(mutex);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch[i]->done()) continue;  // given up on
        batch[i]->output = std::move(outputs[i]);
        ++tally.images;
    }
    // Counted under the lock that lets the callers go: who has an answer finds it in the tally.
    ++tally.runs;
    if (where == RunsOn::spare) count(&Tally::spared, "spared", batch.size());
    answered.notify_all();
}

void Replicas::Shared::run_halves(Replica& replica, const Requests& batch) {
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    {
        const std::lock_guard lock(mutex);
        replica.batch = std::max<std::size_t>(1, batch.size() / 2);
        replica.good_runs = 0;
    }
    run(replica, {batch.begin(), middle});
    run(replica, {middle, batch.end()});
}

void Replicas::Shared::run_each(Replica& replica, const Requests& batch) {
    for (const auto& request : batch) run(replica, {request});
}

void Replicas::Shared::run_on_spare(const Requests& batch, const Error& otherwise) {
    if (!spare_maker) return fail(batch, otherwise);
    try {
        const std::lock_guard lock(spare_mutex);
        if (spare == nullptr) spare = spare_maker();
        run_on(*spare, batch, RunsOn::spare);
    } catch (...) {
        fail(batch, error_of(std::current_exception()));
    }
}

void Replicas::Shared::lose(Replica& replica, const Requests& batch, const Error& why) {
    replica.model = nullptr;
    replica.come_back_in = options.come_back_after;
    replica.come_back_at = Now::now() + replica.come_back_in;
    log::event(log::Level::error, "model.lost",
               {{"model", options.name}, {"device", replica.device}, {"words", why.what()}});
    {
        const std::lock_guard lock(mutex);
        count(&Tally::lost, "lost");
        replica.lost = true;
        replica.last_words = why.what();
        if (!any_up() && !spare_maker) refuse_waiting(why);
    }
    hand_over(replica, batch);
}

/// Images of a lost replica: to the front of the queue, or to the spare when nobody else is up.
void Replicas::Shared::hand_over(Replica& replica, const Requests& batch) {
    std::unique_lock lock(mutex);
    if (!any_up()) {
        const Error why(Fault::unavailable, "{}: {}", options.name, replica.last_words);
        lock.unlock();
        return run_on_spare(batch, why);
    }
    for (auto one = batch.rbegin(); one != batch.rend(); ++one) {
        if ((*one)->done()) continue;
        (*one)->started.reset();
        waiting.push_front(*one);
    }
    replica.at_hand.clear();
    work.notify_all();
}

void Replicas::Shared::fail(const Requests& batch, const Error& why) {
    const std::lock_guard lock(mutex);
    for (const auto& request : batch) {
        if (!request->done()) request->wrong = std::make_exception_ptr(why);
    }
    answered.notify_all();
}

// --- The callers' side ------------------------------------------------------------------------

Replicas::Replicas(const std::vector<MakeModel>& makes, MakeModel spare, ReplicaOptions options)
    : shared_(std::make_shared<Shared>(std::move(options), std::move(spare))) {
    for (const auto& make : makes) {
        auto replica = std::make_shared<Replica>();
        replica->make = make;
        replica->model = make();
        replica->device = replica->model->device();
        replica->batch = shared_->options.batch_max;
        shared_->replicas.push_back(std::move(replica));
    }
    if (makes.empty()) throw Error(Fault::bug, "{} has no replicas", shared_->options.name);
    const std::lock_guard lock(shared_->mutex);
    for (const auto& replica : shared_->replicas) shared_->start(replica);
}

Replicas::~Replicas() {
    std::unique_lock lock(shared_->mutex);
    shared_->closing = true;
    shared_->refuse_waiting({Fault::unavailable, "{} is put away", shared_->options.name});
    shared_->work.notify_all();
    shared_->answered.wait_for(lock, shared_->options.answer_at_most,
                               [&] { return shared_->threads == 0; });
    const std::unique_lock idle(shared_->spare_mutex, std::try_to_lock);
    if (idle) shared_->spare = nullptr;
}

std::vector<ModelOutput> Replicas::run_batch(std::span<const ModelInput* const> inputs) {
    Requests asked;
    for (const ModelInput* input : inputs) asked.push_back(std::make_shared<Request>(*input));
    Shared& shared = *shared_;
    const auto limit = shared.options.answer_at_most;
    const auto look_every = std::min<std::chrono::milliseconds>(limit, kLookAtMost);
    std::vector<ModelOutput> outputs;

    std::unique_lock lock(shared.mutex);
    if (shared.closing || (!shared.any_up() && !shared.spare_maker)) {
        throw Error(Fault::unavailable, "{}: no replica answers: {}", shared.options.name,
                    shared.replicas.front()->last_words);
    }
    shared.waiting.insert(shared.waiting.end(), asked.begin(), asked.end());
    shared.work.notify_all();
    for (const auto& request : asked) {
        while (!request->done()) {
            shared.answered.wait_for(lock, look_every, [&] { return request->done(); });
            const auto started = request->started;
            if (!request->done() && started && Now::now() - *started >= limit) {
                shared.give_up_on(*request);
            }
        }
        if (request->wrong) std::rethrow_exception(request->wrong);
        outputs.push_back(std::move(*request->output));
    }
    return outputs;
}

std::string Replicas::device() const {
    const std::lock_guard lock(shared_->mutex);
    std::map<std::string, int> kinds;
    for (const auto& replica : shared_->replicas) ++kinds[replica->device];
    std::vector<std::string> words;
    for (const auto& [device, replicas] : kinds) {
        words.push_back(replicas == 1 ? device : fmt::format("{} x {}", device, replicas));
    }
    return fmt::format("{}", fmt::join(words, ", "));
}

std::size_t Replicas::at_once() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->replicas.size() * shared_->options.batch_max;
}

bool Replicas::answers() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->spare_maker != nullptr || shared_->any_up();
}

std::vector<std::string> Replicas::troubles() const {
    const std::lock_guard lock(shared_->mutex);
    std::vector<std::string> sentences;
    for (const auto& replica : shared_->replicas) {
        if (!replica->lost && !replica->left_alone) continue;
        sentences.push_back(fmt::format("model {}: a replica on {} {}: {}", shared_->options.name,
                                        replica->device, replica->lost ? "is lost" : "hangs",
                                        replica->last_words));
    }
    if (shared_->hanging > 0) {
        sentences.push_back(
            fmt::format("model {}: {} run{} never answered and hold{} a thread each until the node "
                        "is restarted",
                        shared_->options.name, shared_->hanging, shared_->hanging == 1 ? "" : "s",
                        shared_->hanging == 1 ? "s" : ""));
    }
    return sentences;
}

Replicas::Tally Replicas::tally() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->tally;
}

}  // namespace bucky
