// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/priority.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <system_error>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "inference/pixels/decoder.h"

using namespace bucky;

TEST_CASE("what a later try may mend is tried again, what stays wrong is not", "[tools]") {
    CHECK(may_pass(Fault::unavailable));
    CHECK(may_pass(Fault::exhausted));
    for (const auto fault : {Fault::bad_input, Fault::unsupported, Fault::corrupt, Fault::bug}) {
        CHECK_FALSE(may_pass(fault));
    }
    CHECK(fault_of(Error(Fault::corrupt, "x")) == Fault::corrupt);
    CHECK(fault_of(std::bad_alloc{}) == Fault::exhausted);
    CHECK(fault_of(std::out_of_range{"x"}) == Fault::bug);
}

TEST_CASE("a system that has no thread, process or descriptor left is a passing fault", "[tools]") {
    for (const auto code : {std::errc::resource_unavailable_try_again, std::errc::not_enough_memory,
                            std::errc::too_many_files_open}) {
        const std::system_error error{std::make_error_code(code)};
        CHECK(fault_of(error) == Fault::exhausted);
        CHECK(blame_of(error) == storage::Blame::machine);
    }
    CHECK(fault_of(std::system_error{std::make_error_code(std::errc::invalid_argument)}) ==
          Fault::bug);
}

TEST_CASE("only what a decoder met may be the image's own fault", "[tools]") {
    CHECK(blame_of(inference::DecoderFailed(Fault::exhausted, "x")) == storage::Blame::subject);
    CHECK(blame_of(Error(Fault::exhausted, "x")) == storage::Blame::machine);
}

TEST_CASE("a job ends the process when processes have ended, however often it failed otherwise",
          "[tools][crash]") {
    storage::Job job;
    job.attempt = 300;
    job.last_error = "the node ended while this ran";
    job.deaths = kDeathsMax - 1;
    CHECK_FALSE(ends_the_process(job));
    job.deaths = kDeathsMax;
    CHECK(ends_the_process(job));
}

TEST_CASE("hours are counted in tries, a first one and every five minutes later on", "[tools]") {
    CHECK(tries_within(1) > 12);
    CHECK(tries_within(1) < 25);
    CHECK(tries_within(24) - tries_within(23) == 12);
}

TEST_CASE("waits between tries grow up to five minutes", "[tools]") {
    const SettableClock clock{1'000'000};
    const auto wait = [&](int attempt) { return next_try_ms(clock, attempt) - 1'000'000; };
    CHECK(wait(1) >= 800);
    CHECK(wait(1) <= 1'200);
    CHECK(wait(4) >= 6'400);
    CHECK(wait(50) <= 360'000);
}

TEST_CASE("who stands back stands a little behind the rest of the process, however it was started",
          "[tools]") {
    const auto niceness = [](id_t of) { return ::getpriority(PRIO_PROCESS, of); };
    const int first = niceness(static_cast<id_t>(::getpid()));
    int own = first, again = first;
    std::jthread{[&] {
        lower_priority();
        own = niceness(static_cast<id_t>(::gettid()));
        lower_priority();
        again = niceness(static_cast<id_t>(::gettid()));
    }}.join();
    CHECK(own == std::min(first + 5, 19));
    CHECK(again == own);
    CHECK(niceness(static_cast<id_t>(::getpid())) == first);
}

TEST_CASE("a worker does what there is, sleeps until it is rung, and outlives trouble", "[tools]") {
    const SettableClock clock{0};
    Wakeup work;
    std::atomic<int> calls = 0;
    std::jthread worker{[&](std::stop_token stop) {
        work_until(
            std::move(stop), clock, work,
            [&] {
                if (++calls == 2) throw Error(Fault::exhausted, "full");
                return calls < 4;
            },
            [] { return std::optional<std::int64_t>{}; });
    }};
    while (calls < 4) std::this_thread::yield();
    work.ring();
    while (calls < 5) std::this_thread::yield();
    worker.request_stop();
    worker.join();
    CHECK(calls == 5);
}
