// SPDX-License-Identifier: Apache-2.0
// Walk: the events that happen to a node, one after another, as data.
//
// A walk is a pure function of its seed: random_walk() gives the same list of events everywhere.
// When an event meets the node depends on the machine and cannot be repeated. Any part of a walk is
// a walk: an event that has nothing to act on (thaw without freeze) does nothing, so that shorten()
// may leave out any event.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::test {

enum class EventKind {
    kill,         ///< SIGKILL, then a start; value > 0: the first start is killed after value ms
    stop,         ///< SIGTERM, then a start
    freeze,       ///< SIGSTOP
    thaw,         ///< SIGCONT
    queue_retry,  ///< commands beside the node; the walk goes on meanwhile
    study_retry,  ///< value chooses a sender: the study that it began last
    backup,       ///< to a folder of its own
    reload,       ///< odd values with another config than even ones
    status,
    study_list,
    sqlite_select,  ///< another program opens the database, reads and closes it
    sqlite_hold,    ///< the same, with a read transaction that stays open for value ms
    pacs_kill,      ///< value: the number of a destination
    pacs_start,
    pacs_freeze,
    pacs_thaw,
    clock_step,  ///< the wall clock of the node moves by value s
};

struct Event {
    EventKind kind = EventKind::kill;
    std::int64_t value = 0;
    std::int64_t pause_ms = 0;  ///< before it
    bool operator==(const Event&) const = default;
};

inline constexpr std::int64_t kDestinations = 4;
inline constexpr std::int64_t kSenders = 4;

struct Walk {
    std::uint64_t seed = 0;  ///< also the seed of the senders
    std::vector<Event> events;
    bool operator==(const Walk&) const = default;
};

struct WalkRules {
    std::size_t kills = 20;
    bool clock_steps = true;
};

/// The walk of this seed: it ends with the last kill.
Walk random_walk(std::uint64_t seed, const WalkRules& rules);

/// A whole number from 0 to below `end`, derived from a seed and two numbers; the same on every
/// machine.
std::uint64_t drawn(std::uint64_t seed, std::uint64_t first, std::uint64_t second,
                    std::uint64_t end);

std::size_t kills_in(const std::vector<Event>& events);

/// "4711 | 350:kill 20:queue-retry 700:kill=80": the seed, and pause:name=value for each event, in
/// one line that can be pasted (BUCKY_WALK, and the table of regressions).
std::string to_text(const Walk& walk);
/// Nullopt when the text is not such a line.
std::optional<Walk> read_walk(std::string_view text);

/// The smallest list found by leaving events out (delta debugging, Zeller 2002) for which `fails`
/// still returns true. `events` must fail. When the time is over it returns the list found so far;
/// a trial that has begun is finished.
std::vector<Event> shorten(std::vector<Event> events,
                           const std::function<bool(const std::vector<Event>&)>& fails,
                           std::chrono::steady_clock::time_point until);

}  // namespace bucky::test
