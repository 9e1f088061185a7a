// SPDX-License-Identifier: Apache-2.0
// The threads of the node: started, changed for others while it runs, and ended in time.
//
// A generation is everyone who works by one set of settings. When others come into force, the next
// generation stands ready, thread by thread, before the last one is asked to leave: where one of
// its threads cannot be had, nothing has changed. Those of the last leave as each has finished what
// is at hand: a lease says whose a job is, so that two generations never do one job. Once all are
// asked to stop, nobody starts and no generation leaves any more. Any thread may call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "conf/run/wakeup.h"

namespace bucky {

/// A thread that `top -H` and a debugger show by name. What escapes its function is logged, then
/// ends the process: a node without one of its threads would be silent about what it leaves undone.
std::jthread named_thread(const char* name, std::function<void(std::stop_token)> function);

class ThreadGroup {
public:
    using Work = std::function<void(std::stop_token)>;

    /// Until everyone is asked to stop.
    void start(const char* name, Work work);

    /// What one thread of a generation will do. Everything that may fail at its beginning (a
    /// connection, a file) is done already: what `work` holds stands ready.
    struct Planned {
        const char* name;
        Work work;
    };

    class Generation;

    /// Their threads, which wait for their exchange(). Throws when the system has not all of them;
    /// then none is left.
    static Generation gather(std::vector<Planned> plan);

    /// The next one begins, the last one is asked to stop and leaves. Nothing here can fail. Who
    /// has ended since the last call is gone.
    void exchange(Generation next);

    void ask_to_stop();
    void join();  ///< after ask_to_stop()

    /// Whether the work of one has ended.
    struct Watched {
        const char* name;
        std::shared_ptr<const std::atomic<bool>> has_ended;
    };
    std::vector<Watched> watched() const;  ///< everyone; after ask_to_stop()

private:
    struct Member {
        const char* name;
        std::shared_ptr<std::atomic<bool>> has_ended;
        std::jthread thread;
    };
    static Member make(const char* name, Work work);

    std::mutex mutex_;  ///< guards the lists until all are asked to stop; then they stay
    bool is_stopping_ = false;
    std::list<Member> members_, generation_, leaving_;
};

/// Threads that stand ready. Where they are let go without an exchange(), they end without work.
class ThreadGroup::Generation {
    friend class ThreadGroup;
    std::shared_ptr<Wakeup> begin_ = std::make_shared<Wakeup>();
    std::list<Member> members_;
};

/// Until `gate` has rung. False: a stop came first.
bool passed(Wakeup& gate, const std::stop_token& stop);

/// Workers of one kind, each for a thread of its own. What the last process did not finish (`left`
/// jobs) the first of them does alone: should one of these jobs have ended it, the next death must
/// not be blamed on a neighbour. Then all are at work.
template <typename Worker>
void plan_together(std::vector<ThreadGroup::Planned>& plan, const char* name,
                   const std::vector<std::shared_ptr<Worker>>& workers, std::int64_t left,
                   Wakeup& left_is_done) {
    const auto all_may = std::make_shared<Wakeup>();
    for (const auto& worker : workers) {
        if (worker != workers.front()) {
            plan.push_back({name, [worker, all_may](const std::stop_token& stop) {
                                if (passed(*all_may, stop)) worker->run(stop);
                            }});
            continue;
        }
        plan.push_back({name, [worker, all_may, left, &left_is_done](const std::stop_token& stop) {
                            for (auto jobs = left; jobs > 0 && !stop.stop_requested(); --jobs) {
                                if (!worker->work_once()) break;
                            }
                            left_is_done.ring();
                            all_may->ring();
                            worker->run(stop);
                        }});
    }
}

/// Stopping takes no longer than `whole`. Who waits for a peer is called back first, by
/// `give_up_fd`; who has not ended when the time is over (a model that hangs, a disk that does not
/// answer) is left where he is, and the process ends, after a call of `at_last`: everything that
/// counts is in the database, and his job is taken up at the next start. Returns when `in_time`
/// says that all have ended.
void stop_within(const std::stop_token& in_time, std::chrono::milliseconds whole, int give_up_fd,
                 const std::vector<ThreadGroup::Watched>& everyone,
                 const std::function<void()>& at_last = {});

}  // namespace bucky
