// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/thread_group.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// What the workers of one kind did.
struct Diary {
    std::atomic<int> jobs = 0, at_work = 0, hired = 0;
    std::atomic<int> hired_at_last_job = 0;
};

/// Has `due` jobs to do, then waits for the stop.
struct Worker {
    Diary& diary;
    int due = 0;

    bool work_once() {
        if (diary.jobs == due) return false;
        ++diary.jobs;
        diary.hired_at_last_job = diary.hired.load();
        return true;
    }
    void run(std::stop_token stop) {
        ++diary.at_work;
        Wakeup{}.wait_beyond(0, stop, 60s);
    }
};

}  // namespace

TEST_CASE("what the last process left is done by one worker, and then all are at work",
          "[tools][crash]") {
    Diary diary;
    Wakeup left_is_done;
    ThreadGroup threads;
    const auto make_worker = [&] {
        ++diary.hired;
        return Worker{diary, 5};
    };
    threads.start("report", [&](const std::stop_token& stop) {
        work_together(
            "report", 3, left_is_done, stop, [] { return std::size_t{4}; }, make_worker);
    });
    CHECK(poll_until([&] { return diary.at_work == 4; }, 60s));
    CHECK(diary.jobs == 3);  // no more of them alone than there were
    CHECK(diary.hired_at_last_job == 1);
    CHECK(left_is_done.rings() == 1);
    threads.ask_to_stop();
    threads.join();
    CHECK(std::ranges::all_of(threads.watched(),
                              [](const auto& one) { return one.has_ended->load(); }));
}

TEST_CASE("a worker who finds less than was left does not wait for more", "[tools][crash]") {
    Diary diary;
    Wakeup left_is_done;
    ThreadGroup threads;
    const auto make_worker = [&] { return Worker{diary, 2}; };
    threads.start("report", [&](const std::stop_token& stop) {
        work_together(
            "report", 1000, left_is_done, stop, [] { return std::size_t{1}; }, make_worker);
    });
    CHECK(poll_until([&] { return diary.at_work == 1; }, 60s));
    CHECK(diary.jobs == 2);
    threads.ask_to_stop();
    threads.join();
}
