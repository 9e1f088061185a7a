// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/thread_group.h"

#include <cstdlib>
#include <utility>

#include <pthread.h>
#include <sys/eventfd.h>

#include "conf/observe/log.h"
#include "conf/run/wakeup.h"

namespace bucky {
namespace {

/// Share of the stop time after which threads that still wait for a peer are told to give up. The
/// rest is for ending in order.
constexpr int kGiveUpPercent = 80;

constexpr std::chrono::milliseconds kForLastLines{250};

}  // namespace

std::jthread named_thread(const char* name, std::function<void(std::stop_token)> function) {
    return std::jthread{[name, function = std::move(function)](std::stop_token stop) {
        ::pthread_setname_np(::pthread_self(), name);
        try {
            function(std::move(stop));
        } catch (const std::exception& error) {
            // logged before std::terminate(), which would not name the thread
            log::event(log::Level::error, "thread.died",
                       {{"thread", name}, {"words", error.what()}});
            std::abort();
        }
    }};
}

ThreadGroup::Member ThreadGroup::make(const char* name, Work work) {
    auto has_ended = std::make_shared<std::atomic<bool>>(false);
    auto thread = named_thread(name, [work = std::move(work), has_ended](std::stop_token stop) {
        work(std::move(stop));
        *has_ended = true;
    });
    return {name, has_ended, std::move(thread)};
}

void ThreadGroup::start(const char* name, Work work) {
    const MutexLock lock(mutex_);
    if (!is_stopping_) members_.push_back(make(name, std::move(work)));
}

bool passed(Wakeup& gate, const std::stop_token& stop) {
    using namespace std::chrono_literals;
    while (gate.rings() == 0 && !stop.stop_requested()) gate.wait_beyond(0, stop, 1h);
    return !stop.stop_requested();
}

ThreadGroup::Generation ThreadGroup::gather(std::vector<Planned> plan) {
    Generation generation;
    for (auto& [name, work] : plan) {
        generation.members_.push_back(make(
            name, [begin = generation.begin_, work = std::move(work)](const std::stop_token& stop) {
                if (passed(*begin, stop)) work(stop);
            }));
    }
    return generation;
}

void ThreadGroup::exchange(Generation next) {
    const MutexLock lock(mutex_);
    if (is_stopping_) return;
    leaving_.remove_if([](const Member& member) { return member.has_ended->load(); });
    for (auto& member : generation_) member.thread.request_stop();
    leaving_.splice(leaving_.end(), generation_);
    generation_.splice(generation_.end(), next.members_);
    next.begin_->ring();
}

void ThreadGroup::ask_to_stop() {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    for (auto* part : {&members_, &generation_, &leaving_}) {
        for (auto& member : *part) member.thread.request_stop();
    }
}

void ThreadGroup::join() {
    for (auto* part : {&members_, &generation_, &leaving_}) {
        for (auto& member : *part) {
            if (member.thread.joinable()) member.thread.join();
        }
    }
}

std::vector<ThreadGroup::Watched> ThreadGroup::watched() const {
    std::vector<Watched> everyone;
    for (const auto* part : {&members_, &generation_, &leaving_}) {
        for (const auto& member : *part) everyone.push_back({member.name, member.has_ended});
    }
    return everyone;
}

void stop_within(const std::stop_token& in_time, std::chrono::milliseconds whole, int give_up_fd,
                 const std::vector<ThreadGroup::Watched>& everyone,
                 const std::function<void()>& at_last) {
    Wakeup{}.wait_beyond(0, in_time, whole * kGiveUpPercent / 100);
    if (in_time.stop_requested()) return;
    (void)::eventfd_write(give_up_fd, 1);
    Wakeup{}.wait_beyond(0, in_time, whole * (100 - kGiveUpPercent) / 100);
    if (in_time.stop_requested()) return;
    std::string left;
    for (const auto& one : everyone) {
        if (!*one.has_ended) left += (left.empty() ? "" : ",") + std::string{one.name};
    }
    log::event(log::Level::warning, "node.left_behind", {{"threads", left}});
    log::flush(kForLastLines);
    if (at_last) at_last();
    std::_Exit(EXIT_SUCCESS);
}

}  // namespace bucky
