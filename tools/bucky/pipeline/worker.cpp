// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/worker.h"

#include <chrono>
#include <new>
#include <random>
#include <system_error>
#include <utility>

#include "conf/observe/log.h"
#include "conf/run/backoff.h"
#include "conf/run/poll_loop.h"
#include "inference/pixels/decoder.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kRetryFirstMs = 1000;
constexpr std::int64_t kRetryCapMs = 5 * 60 * 1000;
constexpr std::chrono::milliseconds kPollPeriod = 5s;

bool wants_room(const std::error_code& code) {
    return code == std::errc::resource_unavailable_try_again ||
           code == std::errc::not_enough_memory || code == std::errc::too_many_files_open ||
           code == std::errc::too_many_files_open_in_system ||
           code == std::errc::no_space_on_device;
}

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
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return Fault::exhausted;
    const auto* of_system = dynamic_cast<const std::system_error*>(&error);
    return of_system != nullptr && wants_room(of_system->code()) ? Fault::exhausted : Fault::bug;
}

storage::Blame blame_of(const std::exception& error) {
    const bool is_decoder = dynamic_cast<const inference::DecoderFailed*>(&error) != nullptr;
    return is_decoder ? storage::Blame::subject : storage::Blame::machine;
}

std::int64_t longest_wait_ms() {
    return longest_back_off_ms(kRetryCapMs);
}

std::int64_t next_try_ms(const Clock& clock, int attempt) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const double dice = std::uniform_real_distribution<double>{0, 1}(random);
    return clock.now_ms() + back_off_ms(attempt, kRetryFirstMs, kRetryCapMs, dice);
}

int tries_within(std::int64_t hours) {
    constexpr double kNoSpread = 0.5;
    int tries = 1;
    for (std::int64_t waited_ms = 0; waited_ms < hours * 3600 * 1000; ++tries) {
        waited_ms += back_off_ms(tries, kRetryFirstMs, kRetryCapMs, kNoSpread);
    }
    return tries;
}

bool ends_the_process(const storage::Job& job) {
    return job.deaths >= kDeathsMax;
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
