// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/memory_budget.h"

#include <condition_variable>
#include <list>
#include <mutex>
#include <utility>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"

namespace bucky {

struct MemoryBudget::Shared {
    const std::string name;
    const std::uint64_t bytes;
    const std::chrono::milliseconds patience;

    std::mutex mutex{};
    std::condition_variable changed{};
    std::uint64_t taken = 0;          ///< GUARDED_BY(mutex), as is the line
    std::list<std::uint64_t> line{};  ///< sizes of waiting reservations, in order

    bool fits(std::uint64_t requested) const {
        return taken == 0 || (requested <= bytes && taken <= bytes - requested);
    }
    void tell_of_waiting(std::uint64_t requested) const {
        metrics::count("bucky_limit_reached_total", {{"limit", name}});
        log::event(log::Level::warning, "limit.waited_for",
                   {{"limit", name}, {"wanted", requested}, {"taken", taken}, {"of", bytes}});
    }
    bool take(std::uint64_t requested) {
        std::unique_lock lock(mutex);
        const auto place = line.insert(line.end(), requested);
        const auto my_turn = [&] { return place == line.begin() && fits(requested); };
        bool got = my_turn();
        if (!got) {
            tell_of_waiting(requested);
            got = changed.wait_for(lock, patience, my_turn);
        }
        line.erase(place);
        if (got) taken += requested;
        lock.unlock();
        changed.notify_all();  // the next in line may fit too
        return got;
    }
    void give_back(std::uint64_t room) {
        {
            const std::lock_guard lock(mutex);
            taken -= room;
        }
        changed.notify_all();
    }
};

MemoryBudget::MemoryBudget(std::string name, std::uint64_t bytes,
                           std::chrono::milliseconds patience)
    : shared_(new Shared{std::move(name), bytes, patience}) {}

MemoryBudget::~MemoryBudget() = default;

MemoryBudget::Reservation MemoryBudget::take(std::uint64_t bytes) {
    if (!shared_->take(bytes)) {
        throw Error(Fault::exhausted, "no room for {} bytes in {} of {} for {} s", bytes,
                    shared_->name, shared_->bytes, shared_->patience.count() / 1000);
    }
    return Reservation{nullptr,
                       [shared = shared_, bytes](const void*) { shared->give_back(bytes); }};
}

}  // namespace bucky
