// SPDX-License-Identifier: Apache-2.0
// The threads of the node: started, changed for others while it runs, and ended in time.
//
// A shift is everyone who works by one set of settings. When others come into force, the next shift
// starts at once, and those of the last leave as each has finished what is at hand: a lease says
// whose a job is, so that two shifts never do one job. Once all are asked to stop, nobody starts
// and no shift ends any more. Any thread may call.
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

    /// Until it is asked to stop; with everyone, or where it is of a shift, with that.
    void start(const char* name, Work work);
    void start_in_generation(const char* name, Work work);

    /// Those of the shift are asked to stop and leave. Who has ended since the last call is gone.
    void end_generation();

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

/// Works of one kind, from the thread of one of them: what the last process did not finish (`left`
/// jobs) comes first, alone: should one of these jobs have ended it, the next death must not be
/// blamed on a neighbour. Then as many as there should be (`workers`, asked when it is time) work
/// at once. `hire` makes one; its thread is the one that it works on.
template <typename Workers, typename MakeWorker>
void work_together(const char* name, std::int64_t left, Wakeup& left_is_done,
                   const std::stop_token& stop, const Workers& workers,
                   const MakeWorker& make_worker) {
    auto first = make_worker();
    for (; left > 0 && !stop.stop_requested(); --left) {
        if (!first.work_once()) break;
    }
    left_is_done.ring();
    std::vector<std::jthread> others;
    while (others.size() + 1 < workers()) {
        others.push_back(named_thread(
            name, [&make_worker, stop](const std::stop_token&) { make_worker().run(stop); }));
    }
    first.run(stop);
}

/// Stopping takes no longer than `whole`. Who waits for a peer is called back first, by
/// `give_up_fd`; who has not ended when the time is over (a model that hangs, a disk that does not
/// answer) is left where he is, and the process ends: everything that counts is in the database,
/// and his job is taken up at the next start. Returns when `in_time` says that all have ended.
void stop_within(const std::stop_token& in_time, std::chrono::milliseconds whole, int give_up_fd,
                 const std::vector<ThreadGroup::Watched>& everyone);

}  // namespace bucky
