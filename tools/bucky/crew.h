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
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace bucky {

/// A thread that `top -H` and a debugger show by name. What escapes its function is logged, then
/// ends the process: a node without one of its threads would be silent about what it leaves undone.
std::jthread named_thread(const char* name, std::function<void(std::stop_token)> function);

class Crew {
public:
    using Work = std::function<void(std::stop_token)>;

    /// Until it is asked to stop; with everyone, or where it is of a shift, with that.
    void start(const char* name, Work work);
    void start_of_shift(const char* name, Work work);

    /// Those of the shift are asked to stop and leave. Who has ended since the last call is gone.
    void end_shift();

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
    std::list<Member> members_, shift_, leaving_;
};

/// Stopping takes no longer than `whole`. Who waits for a peer is called back first, by
/// `give_up_fd`; who has not ended when the time is over (a model that hangs, a disk that does not
/// answer) is left where he is, and the process ends: everything that counts is in the database,
/// and his job is taken up at the next start. Returns when `in_time` says that all have ended.
void insist(const std::stop_token& in_time, std::chrono::milliseconds whole, int give_up_fd,
            const std::vector<Crew::Watched>& everyone);

}  // namespace bucky
