// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/worker.h"

#include <chrono>
#include <new>
#include <random>
#include <string_view>
#include <utility>

#include "conf/observe/log.h"
#include "conf/run/poll_loop.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kRetryFirstMs = 1000;
constexpr std::int64_t kRetryCapMs = 5 * 60 * 1000;
constexpr std::chrono::milliseconds kPollPeriod = 5s;

}  // namespace

bool may_pass(Fault fault) {
    switch (fault) {
        case Fault::unavailable:
        case Fault::exhausted: return true;
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt:
        case Fault::bug: return false;
    }
    __builtin_unreachable();
}

Fault fault_of(const std::exception& error) {
    if (const auto* ours = dynamic_cast<const Error*>(&error)) return ours->fault();
    return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? Fault::exhausted : Fault::bug;
}

std::int64_t next_try_ms(const Clock& clock, int attempt) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const double dice = std::uniform_real_distribution<double>{0, 1}(random);
    return clock.now_ms() + storage::back_off_ms(attempt, kRetryFirstMs, kRetryCapMs, dice);
}

bool ends_the_process(const storage::Job& job) {
    constexpr std::string_view kWordsOfRecover = "the node ended while this ran";
    return job.attempt > kDeathsMax && job.last_error == kWordsOfRecover;
}

void give_back_unsettled(storage::JobQueue& jobs, const Clock& clock,
                         std::optional<storage::Job>& unsettled) {
    if (!unsettled) return;
    jobs.retry_later(*unsettled, next_try_ms(clock, unsettled->attempt),
                     "the end of this job could not be written");
    unsettled.reset();
}

void work_until(std::stop_token stop, const Clock& clock, Wakeup& work,
                const std::function<bool()>& once,
                const std::function<std::optional<std::int64_t>()>& next_due_ms) {
    run_loop({once, next_due_ms,
              [](const std::exception& error) {
                  log::event(log::Level::error, "worker.trouble", {{"words", error.what()}});
              },
              kPollPeriod},
             stop, clock, work);
}

}  // namespace bucky
