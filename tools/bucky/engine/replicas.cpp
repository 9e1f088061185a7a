// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/replicas.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/engine/replica_threads.h"

namespace bucky {
namespace {

using inference::ModelInput;
using inference::ModelOutput;
using Now = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLookAtMost = 1s;  // between two checks of a run that may hang

/// " since 2026-11-23 14:30 UTC"
std::string since(std::int64_t at_ms) {
    if (at_ms == 0) return {};
    auto text = iso_utc(at_ms).substr(0, 16);
    text[10] = ' ';
    return fmt::format(" since {} UTC", text);
}

}  // namespace

// --- With the mutex held, from any thread

bool Replicas::Shared::any_up() const {
    return std::any_of(replicas.begin(), replicas.end(),
                       [](const auto& replica) { return replica->is_up(); });
}

void Replicas::Shared::count(std::size_t Tally::*what, const char* why, std::size_t by) {
    tally.*what += by;
    metrics::count("bucky_model_troubles_total", {{"model", options.name}, {"what", why}},
                   static_cast<double>(by));
}

/// The run that `asked` is part of does not answer.
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
            waiting.push_front(request);  // in the same batch, but its run had not begun
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
    const Failure away{why, true};
    for (const auto& request : waiting) request->wrong = away.for_caller_of(*request);
    waiting.clear();
    answered.notify_all();
}

/// One that is away at the start is not waited for a second time: the others try on their threads.
void Replicas::Shared::begin(Replica& replica) {
    const auto& away = options.may_be_away;
    const bool tried = std::ranges::any_of(replicas, [](const auto& one) { return one->lost; });
    replica.device = away;
    replica.prove_at = Now::now() + options.prove_every;
    replica.lost = tried;
    if (tried) {
        replica.last_words = replicas.front()->last_words;
        replica.away_since_ms = wall_ms();
        return;
    }
    try {
        replica.model = replica.make();
        replica.device = replica.model->device();
    } catch (const Error& why) {  // it is waited for, where it may be away
        if (away.empty() || why.fault() != Fault::unavailable) throw;
        replica.lost = true;
        replica.last_words = why.what();
        replica.away_since_ms = wall_ms();
        replica.come_back_at = Now::now() + spread(options.come_back_after);
        log::event(log::Level::error, "model.away",
                   {{"model", options.name}, {"device", away}, {"words", why.what()}});
    }
}

void Replicas::Shared::refuse_when_all_are_away(const Error& why) {
    if (!any_up() && !spare_maker) refuse_waiting(why);
}

// --- The callers' side

Replicas::Replicas(const std::vector<MakeModel>& makes, MakeModel spare, ReplicaOptions options)
    : shared_(std::make_shared<Shared>(std::move(options), std::move(spare))) {
    if (makes.empty()) throw Error(Fault::bug, "{} has no replicas", shared_->options.name);
    const MutexLock lock(shared_->mutex);
    for (const auto& make : makes) {
        auto replica = std::make_shared<Replica>();
        replica->make = make;
        replica->batch = shared_->options.batch_max;
        shared_->begin(*replica);
        shared_->replicas.push_back(std::move(replica));
    }
    for (const auto& replica : shared_->replicas) shared_->start(replica);
}

Replicas::~Replicas() {
    Shared& shared = *shared_;
    MutexLock lock(shared.mutex);
    shared.closing = true;
    shared.refuse_waiting({Fault::unavailable, "{} is put away", shared.options.name});
    shared.work.notify_all();
    shared.answered.wait_for(lock, shared.options.answer_at_most,
                             [&]() REQUIRES(shared.mutex) { return shared.threads == 0; });
    if (!shared.spare_mutex.try_lock()) return;  // a run on it does not answer
    shared.spare = nullptr;
    shared.spare_mutex.unlock();
}

/// Puts the inputs into the queue.
Requests Replicas::Shared::ask(std::span<const ModelInput* const> inputs) {
    Requests asked;
    for (const ModelInput* input : inputs) asked.push_back(std::make_shared<Request>(*input));
    const MutexLock lock(mutex);
    if (closing || (!any_up() && !spare_maker)) {
        throw inference::NobodyAnswers(
            fmt::format("{}: no replica answers: {}", options.name, replicas.front()->last_words));
    }
    waiting.insert(waiting.end(), asked.begin(), asked.end());
    work.notify_all();
    return asked;
}

std::vector<ModelOutput> Replicas::Shared::wait_for(const Requests& asked) {
    const auto limit = options.answer_at_most;
    const auto look_every = std::min<std::chrono::milliseconds>(limit, kLookAtMost);
    std::vector<ModelOutput> outputs;
    MutexLock lock(mutex);
    for (const auto& request : asked) {
        while (!request->done()) {
            answered.wait_for(lock, look_every, [&] { return request->done(); });
            const auto started = request->started;
            if (!request->done() && started && Now::now() - *started >= limit) {
                give_up_on(*request);
            }
        }
        if (request->wrong) std::rethrow_exception(request->wrong);
        outputs.push_back(std::move(*request->output));
    }
    return outputs;
}

std::vector<ModelOutput> Replicas::run_batch(std::span<const ModelInput* const> inputs) {
    return shared_->wait_for(shared_->ask(inputs));
}

ModelOutput Replicas::run_and(const ModelInput& input, const std::function<void()>& meanwhile) {
    const ModelInput* one = &input;
    const Requests asked = shared_->ask({&one, 1});
    meanwhile();  // what it throws leaves a request that nobody waits for
    return std::move(shared_->wait_for(asked).front());
}

std::string Replicas::device() const {
    const MutexLock lock(shared_->mutex);
    std::map<std::string, int> kinds;
    for (const auto& replica : shared_->replicas) ++kinds[replica->device];
    std::vector<std::string> words;
    for (const auto& [device, replicas] : kinds) {
        words.push_back(replicas == 1 ? device : fmt::format("{} x {}", device, replicas));
    }
    return fmt::format("{}", fmt::join(words, ", "));
}

std::size_t Replicas::at_once() const {
    const MutexLock lock(shared_->mutex);
    return shared_->replicas.size() * shared_->options.batch_max;
}

bool Replicas::answers() const {
    const MutexLock lock(shared_->mutex);
    return shared_->spare_maker != nullptr || shared_->any_up();
}

std::vector<std::string> Replicas::troubles() const {
    const MutexLock lock(shared_->mutex);
    std::vector<std::string> sentences;
    for (const auto& replica : shared_->replicas) {
        if (replica->is_up()) continue;
        const auto state = replica->lost ? "is lost" : replica->left_alone ? "hangs" : "rests";
        auto sentence =
            fmt::format("model {}: a replica on {} {}{}: {}", shared_->options.name,
                        replica->device, state, since(replica->away_since_ms), replica->last_words);
        if (std::ranges::count(sentences, sentence) == 0) sentences.push_back(std::move(sentence));
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

std::int64_t Replicas::away_since_ms() const {
    const MutexLock lock(shared_->mutex);
    if (shared_->spare_maker != nullptr || shared_->any_up()) return 0;
    std::int64_t last_ms = 0;
    for (const auto& replica : shared_->replicas) {
        last_ms = std::max(last_ms, replica->away_since_ms);
    }
    return last_ms;
}

Replicas::Tally Replicas::tally() const {
    const MutexLock lock(shared_->mutex);
    return shared_->tally;
}

}  // namespace bucky
