// SPDX-License-Identifier: Apache-2.0
// MemoryBudget: room for what many threads hold at once, of which each asks before it takes.
//
// Who finds no room waits in line until others have let go: nothing fails because a neighbour is
// large, and nobody overtakes a large one for ever. Waiting is counted and logged. Threads: any. A
// thread that holds a room must not ask for another: it might wait for itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bucky {

class MemoryBudget {
public:
    /// `name` is the limit's, in the log and in bucky_limit_reached_total.
    MemoryBudget(std::string name, std::uint64_t bytes, std::chrono::milliseconds patience);
    MemoryBudget(const MemoryBudget&) = delete;
    MemoryBudget& operator=(const MemoryBudget&) = delete;
    ~MemoryBudget();

    /// Ends, and gives the room to who waits, with the last copy; it may outlive the budget.
    using Reservation = std::shared_ptr<const void>;

    /// Reservation for so many bytes; more than there are in all is given when nobody holds any.
    /// Throws exhausted when there is none for as long as one has patience.
    Reservation take(std::uint64_t bytes);

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

}  // namespace bucky
