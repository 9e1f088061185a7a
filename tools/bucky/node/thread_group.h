// SPDX-License-Identifier: Apache-2.0
// The threads of the node: started, replaced while it runs, and stopped in time.
//
// A generation is all threads that work with the same settings. When new settings come into force,
// every thread of the next generation is ready before the previous generation is asked to stop: if
// a thread cannot be started, nothing has changed. The threads of the previous generation end when
// they have finished their work in progress. Leases ensure that two generations never do one job.
// After all are asked to stop, nothing is started and no generation is replaced. Any thread may
// call.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "conf/base/mutex.h"
#include "conf/run/wakeup.h"

namespace bucky {

/// A thread with a name in `top -H` and debuggers. An exception that escapes its function is logged
/// and ends the process: a node without one of its threads would leave work undone in silence.
std::jthread named_thread(const char* name, std::function<void(std::stop_token)> function);

class ThreadGroup {
public:
    using Work = std::function<void(std::stop_token)>;

    /// Runs until all are asked to stop.
    void start(const char* name, Work work);

    /// The work of one thread of a generation. Everything that may fail at its beginning (a
    /// connection, a file) is done already: `work` holds it.
    struct Planned {
        const char* name;
        Work work;
    };

    class Generation;

    /// Starts the threads, which wait for their exchange(). Throws when the system cannot start all
    /// of them; then none is left.
    static Generation gather(std::vector<Planned> plan);

    /// Starts the work of `next`, asks the previous generation to stop and lets it end. Cannot
    /// fail. Threads that have ended since the last call are joined.
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

    Mutex mutex_;  ///< after ask_to_stop() the lists stay as they are and need none
    bool is_stopping_ GUARDED_BY(mutex_) = false;
    std::list<Member> members_ GUARDED_BY(mutex_);
    std::list<Member> generation_ GUARDED_BY(mutex_);
    std::list<Member> leaving_ GUARDED_BY(mutex_);
};

/// Threads that wait to start work. When destroyed without an exchange(), they end without working.
class ThreadGroup::Generation {
    friend class ThreadGroup;
    std::shared_ptr<Wakeup> begin_ = std::make_shared<Wakeup>();
    std::list<Member> members_;
};

/// Waits until `gate` is rung. Returns false when a stop was requested first.
bool passed(Wakeup& gate, const std::stop_token& stop);

/// Workers of one kind, each for its own thread. The first worker alone does the `left` jobs that
/// the last process did not finish: if one of these jobs ended that process, the next crash must
/// not be blamed on another job. Then all workers start.
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

/// Stops within `whole`. First `give_up_fd` tells the threads that wait for a peer to give up.
/// Threads that have not ended when the time is over (a model that hangs, a disk that does not
/// answer) are left, `at_last` is called and the process ends: everything that counts is in the
/// database, and unfinished jobs are resumed at the next start. Returns when `in_time` says that
/// all have ended.
void stop_within(const std::stop_token& in_time, std::chrono::milliseconds whole, int give_up_fd,
                 const std::vector<ThreadGroup::Watched>& everyone,
                 const std::function<void()>& at_last = {});

}  // namespace bucky
