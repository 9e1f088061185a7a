// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/thread_group.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// What the workers of one kind did.
struct Diary {
    std::atomic<int> jobs = 0, at_work = 0, left = 0;
    std::atomic<int> at_work_at_last_job = 0;
};

/// Has `due` jobs to do, then waits for the stop.
struct Worker {
    Diary& diary;
    int due = 0;

    bool work_once() {
        if (diary.jobs == due) return false;
        ++diary.jobs;
        diary.at_work_at_last_job = diary.at_work.load();
        return true;
    }
    void run(const std::stop_token& stop) {
        ++diary.at_work;
        Wakeup{}.wait_beyond(0, stop, 60s);
        ++diary.left;
    }
};

std::vector<ThreadGroup::Planned> together(Diary& diary, int workers, int due, std::int64_t left,
                                           Wakeup& left_is_done) {
    std::vector<std::shared_ptr<Worker>> all;
    for (int i = 0; i < workers; ++i) all.push_back(std::make_shared<Worker>(Worker{diary, due}));
    std::vector<ThreadGroup::Planned> plan;
    plan_together(plan, "report", all, left, left_is_done);
    return plan;
}

std::vector<ThreadGroup::Planned> waiting_for_stop(Diary& diary, int workers) {
    std::vector<ThreadGroup::Planned> plan;
    for (int i = 0; i < workers; ++i) {
        plan.push_back(
            {"worker", [&diary](const std::stop_token& stop) { Worker{diary}.run(stop); }});
    }
    return plan;
}

void end(ThreadGroup& threads) {
    threads.ask_to_stop();
    threads.join();
    CHECK(std::ranges::all_of(threads.watched(),
                              [](const auto& one) { return one.has_ended->load(); }));
}

/// While it lives, this process can allocate hardly any memory.
class NoMemory {
public:
    NoMemory() {
        (void)::getrlimit(RLIMIT_AS, &before_);
        std::uint64_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        constexpr rlim_t kRoom = 3 << 20;  // too little for the stack of a thread
        const rlimit now{pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + kRoom,
                         before_.rlim_max};
        (void)::setrlimit(RLIMIT_AS, &now);
    }
    ~NoMemory() { (void)::setrlimit(RLIMIT_AS, &before_); }
    NoMemory(const NoMemory&) = delete;
    NoMemory& operator=(const NoMemory&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("what the last process left is done by one worker, and then all are at work",
          "[tools][crash]") {
    Diary diary;
    Wakeup left_is_done;
    ThreadGroup threads;
    threads.exchange(ThreadGroup::gather(together(diary, 4, 5, 3, left_is_done)));
    CHECK(poll_until([&] { return diary.at_work == 4; }, 60s));
    CHECK(diary.jobs == 3);  // the first worker alone did only the jobs left over
    CHECK(diary.at_work_at_last_job == 0);
    CHECK(left_is_done.rings() == 1);
    end(threads);
}

TEST_CASE("a worker who finds less than was left does not wait for more", "[tools][crash]") {
    Diary diary;
    Wakeup left_is_done;
    ThreadGroup threads;
    threads.exchange(ThreadGroup::gather(together(diary, 1, 2, 1000, left_is_done)));
    CHECK(poll_until([&] { return diary.at_work == 1; }, 60s));
    CHECK(diary.jobs == 2);
    end(threads);
}

TEST_CASE("the next generation begins and the last leaves", "[tools][reload]") {
    Diary last, next;
    ThreadGroup threads;
    threads.exchange(ThreadGroup::gather(waiting_for_stop(last, 2)));
    CHECK(poll_until([&] { return last.at_work == 2; }, 60s));
    auto ready = ThreadGroup::gather(waiting_for_stop(next, 3));
    CHECK(next.at_work == 0);
    CHECK(last.left == 0);
    threads.exchange(std::move(ready));
    CHECK(poll_until([&] { return next.at_work == 3 && last.left == 2; }, 60s));
    end(threads);
}

TEST_CASE("a generation that is let go has done nothing", "[tools][reload]") {
    Diary diary;
    (void)ThreadGroup::gather(waiting_for_stop(diary, 3));
    CHECK(diary.at_work == 0);
}

TEST_CASE("no generation begins once everyone is asked to stop", "[tools][reload]") {
    Diary last, next;
    ThreadGroup threads;
    threads.exchange(ThreadGroup::gather(waiting_for_stop(last, 1)));
    threads.ask_to_stop();
    threads.exchange(ThreadGroup::gather(waiting_for_stop(next, 1)));
    threads.join();
    CHECK(next.at_work == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // sanitizers need more memory themselves
TEST_CASE("where one thread of the next generation cannot be had, the last one stays at work",
          "[tools][reload]") {
    Diary last, next;
    ThreadGroup threads;
    threads.exchange(ThreadGroup::gather(waiting_for_stop(last, 2)));
    CHECK(poll_until([&] { return last.at_work == 2; }, 60s));
    auto plan = waiting_for_stop(next, 100);
    bool is_refused = false;
    {
        const NoMemory none;
        try {
            threads.exchange(ThreadGroup::gather(std::move(plan)));
        } catch (const std::system_error&) {
            is_refused = true;
        }
    }
    CHECK(is_refused);
    CHECK(next.at_work == 0);
    CHECK(last.left == 0);
    end(threads);
}
#endif
