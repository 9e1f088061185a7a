// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/memory_budget.h"

#include <list>
#include <utility>

#include "conf/base/error.h"
#include "conf/base/mutex.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"

namespace bucky {

struct MemoryBudget::Shared {
    const std::string name;
    const std::uint64_t bytes;
    const std::chrono::milliseconds patience;

    Mutex mutex{};
    Condition changed{};
    std::uint64_t taken GUARDED_BY(mutex) = 0;
    /// Sizes of waiting reservations, in order.
    std::list<std::uint64_t> line GUARDED_BY(mutex){};

    bool fits(std::uint64_t requested) const REQUIRES(mutex) {
        return taken == 0 || (requested <= bytes && taken <= bytes - requested);
    }
    void tell_of_waiting(std::uint64_t requested) const REQUIRES(mutex) {
        metrics::count("bucky_limit_reached_total", {{"limit", name}});
        log::event(log::Level::warning, "limit.waited_for",
                   {{"limit", name}, {"wanted", requested}, {"taken", taken}, {"of", bytes}});
    }
    bool take(std::uint64_t requested) {
        MutexLock lock(mutex);
        const auto place = line.insert(line.end(), requested);
        const auto my_turn = [&]() REQUIRES(mutex) {
            return place == line.begin() && fits(requested);
        };
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
            const MutexLock lock(mutex);
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
