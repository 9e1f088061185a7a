// SPDX-License-Identifier: Apache-2.0
// MemoryBudget: a bound on the memory that many threads hold at once. A thread reserves before it
// allocates.
//
// A caller that finds no room waits until others release theirs: nothing fails because a neighbour
// is large. Reservations are granted in order, so that a large one is not overtaken for ever.
// Waiting is counted and logged. Any thread. A thread that holds a reservation must not ask for
// another: it could wait for itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bucky {

class MemoryBudget {
public:
    /// `name` is the name of the limit in the log and in bucky_limit_reached_total.
    MemoryBudget(std::string name, std::uint64_t bytes, std::chrono::milliseconds patience);
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;
    ~MemoryBudget();

    /// Released with its last copy; it may outlive the budget.
    using Reservation = std::shared_ptr<const void>;

    /// Reserves `bytes`. More than the whole budget is granted when nothing else is reserved.
    /// Throws exhausted after a wait of `patience`.
    Reservation take(std::uint64_t bytes);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace bucky
