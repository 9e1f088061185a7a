// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/infer_queue.h"

#include <iterator>
#include <utility>

namespace bucky::service {
namespace {

/// The entry after `last`, in a circle.
template <typename Map>
typename Map::iterator after(Map& map, const std::string& last) {
    const auto next = map.upper_bound(last);
    return next == map.end() ? map.begin() : next;
}

}  // namespace

void InferQueue::set(Shares shares, std::size_t waiting_max) {
    const MutexLock lock(mutex_);
    shares_ = std::move(shares);
    waiting_max_ = waiting_max;
    changed_.notify_all();
}

bool InferQueue::put(Waiting waiting) {
    const MutexLock lock(mutex_);
    if (waiting_ >= waiting_max_) return false;
    ++waiting_;
    lines_[waiting.model].by_site[waiting.site].push_back(std::move(waiting.run));
    changed_.notify_one();
    return true;
}

/// Empty: every site that waits has as many under way as it may.
std::string InferQueue::site_in_turn(Line& line, const Share& share) {
    if (line.running >= share.in_all || line.by_site.empty()) return {};
    auto at = after(line.by_site, line.last_site);
    for (std::size_t seen = 0; seen < line.by_site.size(); ++seen) {
        const auto running = line.running_of.find(at->first);
        if (running == line.running_of.end() || running->second < share.of_site) return at->first;
        if (++at == line.by_site.end()) at = line.by_site.begin();
    }
    return {};
}

InferQueue::Next InferQueue::next() {
    auto at = after(lines_, last_model_);
    for (std::size_t seen = 0; seen < lines_.size(); ++seen) {
        const auto share = shares_.find(at->first);
        auto site = site_in_turn(at->second, share == shares_.end() ? Share{} : share->second);
        if (!site.empty()) return {at, std::move(site)};
        if (++at == lines_.end()) at = lines_.begin();
    }
    return {lines_.end(), {}};
}

std::function<void()> InferQueue::take(Line& line, const std::string& site) {
    const auto found = line.by_site.find(site);
    auto work = std::move(found->second.front());
    found->second.pop_front();
    if (found->second.empty()) line.by_site.erase(found);
    line.last_site = site;
    ++line.running;
    ++line.running_of[site];
    --waiting_;
    return work;
}

void InferQueue::finished(const std::string& model, const std::string& site) {
    auto& line = lines_.at(model);
    --line.running;
    if (--line.running_of.at(site) == 0) line.running_of.erase(site);
    if (line.running == 0 && line.by_site.empty()) lines_.erase(model);
    changed_.notify_one();
}

void InferQueue::run(const std::stop_token& stop) {
    MutexLock lock(mutex_);
    while (true) {
        Next turn;
        const bool found = changed_.wait(lock, stop, [&]() REQUIRES(mutex_) {
            turn = next();
            return !turn.site.empty() || (closed_ && waiting_ == 0);
        });
        if (!found || turn.site.empty()) return;
        if (stop.stop_requested() && !closed_) {
            changed_.notify_one();  // another generation has it
            return;
        }
        const auto model = turn.line->first;
        last_model_ = model;
        {
            const auto work = take(turn.line->second, turn.site);
            lock.unlock();
            work();
        }
        lock.lock();
        finished(model, turn.site);
    }
}

void InferQueue::close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

std::size_t InferQueue::waiting() const {
    const MutexLock lock(mutex_);
    return waiting_;
}

}  // namespace bucky::service
