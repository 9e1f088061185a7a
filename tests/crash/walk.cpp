// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/walk.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace bucky::test {
namespace {

/// How an event is drawn: `weight` of the sum of all weights, a value from `from` to below `to`.
struct Row {
    EventKind kind;
    std::string_view name;
    std::uint64_t weight;
    std::int64_t from, to;
    std::int64_t pause_ms_max;
};

// The pause before a kill is long, so that images arrive in it.
constexpr std::array kRows{
    Row{EventKind::kill, "kill", 30, -600, 300, 900},  // below 0: 0, no second death
    Row{EventKind::stop, "stop", 3, 0, 1, 500},
    Row{EventKind::freeze, "freeze", 4, 0, 1, 200},
    Row{EventKind::thaw, "thaw", 6, 0, 1, 300},
    Row{EventKind::queue_retry, "queue-retry", 8, 0, 1, 150},
    Row{EventKind::study_retry, "study-retry", 6, 0, kSenders, 150},
    Row{EventKind::backup, "backup", 2, 0, 1, 150},
    Row{EventKind::reload, "reload", 4, 0, 2, 150},
    Row{EventKind::status, "status", 3, 0, 1, 150},
    Row{EventKind::study_list, "study-list", 2, 0, 1, 150},
    Row{EventKind::sqlite_select, "sqlite-select", 5, 0, 1, 150},
    Row{EventKind::sqlite_hold, "sqlite-hold", 3, 100, 3000, 150},
    Row{EventKind::pacs_kill, "pacs-kill", 5, 0, kDestinations, 250},
    Row{EventKind::pacs_start, "pacs-start", 7, 0, kDestinations, 250},
    Row{EventKind::pacs_freeze, "pacs-freeze", 4, 0, kDestinations, 250},
    Row{EventKind::pacs_thaw, "pacs-thaw", 6, 0, kDestinations, 250},
    Row{EventKind::clock_step, "clock", 4, 0, 0, 250},
};

/// Seconds: an NTP step, summer time, a wrong time zone, more than a month.
constexpr std::array<std::int64_t, 8> kSteps{-2,     90,    3600,       -3600,
                                             -32400, 32400, 40 * 86400, -40 * 86400};

const Row& row_of(EventKind kind) {
    return *std::find_if(kRows.begin(), kRows.end(),
                         [kind](const Row& row) { return row.kind == kind; });
}

std::int64_t value_of(const Row& row, std::uint64_t random) {
    if (row.kind == EventKind::clock_step) return kSteps[random % kSteps.size()];
    const auto span = static_cast<std::uint64_t>(row.to - row.from);
    return std::max<std::int64_t>(0, row.from + static_cast<std::int64_t>(random % span));
}

/// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t word) {
    word += 0x9E3779B97F4A7C15ULL;
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
    return word ^ (word >> 31U);
}

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<Event> read_event(std::string_view word) {
    const auto colon = word.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto pause_ms = number_in(word.substr(0, colon));
    const auto rest = word.substr(colon + 1);
    const auto equals = rest.find('=');
    const auto value = equals == std::string_view::npos ? std::optional<std::int64_t>{0}
                                                        : number_in(rest.substr(equals + 1));
    const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) {
        return one.name == rest.substr(0, equals);
    });
    if (!pause_ms || !value || row == kRows.end()) return std::nullopt;
    return Event{row->kind, *value, *pause_ms};
}

/// `events` without the `count` events from `at` on.
std::vector<Event> without(const std::vector<Event>& events, std::size_t at, std::size_t count) {
    std::vector<Event> rest;
    for (std::size_t one = 0; one < events.size(); ++one) {
        if (one < at || one >= at + count) rest.push_back(events[one]);
    }
    return rest;
}

}  // namespace

std::uint64_t drawn(std::uint64_t seed, std::uint64_t first, std::uint64_t second,
                    std::uint64_t end) {
    return mixed(mixed(mixed(seed) ^ first) ^ second) % end;
}

std::size_t kills_in(const std::vector<Event>& events) {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [](const Event& event) { return event.kind == EventKind::kill; }));
}

Walk random_walk(std::uint64_t seed, const WalkRules& rules) {
    std::uint64_t weights = 0;
    for (const auto& row : kRows) weights += row.weight;
    Walk walk{seed, {}};
    for (std::uint64_t at = 0; kills_in(walk.events) < rules.kills; ++at) {
        auto chosen = drawn(seed, at, 0, weights);
        const auto* row = kRows.begin();
        for (; chosen >= row->weight; ++row) chosen -= row->weight;
        if (row->kind == EventKind::clock_step && !rules.clock_steps) continue;
        const auto pause_ms = drawn(seed, at, 1, static_cast<std::uint64_t>(row->pause_ms_max));
        walk.events.push_back({row->kind, value_of(*row, drawn(seed, at, 2, 1U << 30U)),
                               static_cast<std::int64_t>(pause_ms)});
    }
    return walk;
}

std::string to_text(const Walk& walk) {
    std::string text = std::to_string(walk.seed) + " |";
    for (const auto& event : walk.events) {
        text += ' ' + std::to_string(event.pause_ms) + ':' + std::string{row_of(event.kind).name};
        if (event.value != 0) text += '=' + std::to_string(event.value);
    }
    return text;
}

std::optional<Walk> read_walk(std::string_view text) {
    std::istringstream words{std::string{text}};
    Walk walk;
    std::string bar;
    if (!(words >> walk.seed >> bar) || bar != "|") return std::nullopt;
    for (std::string word; words >> word;) {
        const auto event = read_event(word);
        if (!event) return std::nullopt;
        walk.events.push_back(*event);
    }
    return walk;
}

std::vector<Event> shorten(std::vector<Event> events,
                           const std::function<bool(const std::vector<Event>&)>& fails,
                           std::chrono::steady_clock::time_point until) {
    for (std::size_t chunk = (events.size() + 1) / 2; chunk > 0 && !events.empty();) {
        bool left_out = false;
        // The last events first: those after the fault are mostly not needed.
        for (std::size_t end = events.size(); end > 0;) {
            const std::size_t at = end > chunk ? end - chunk : 0;
            if (std::chrono::steady_clock::now() >= until) return events;
            auto rest = without(events, at, end - at);
            if (rest.size() < events.size() && fails(rest)) {
                events = std::move(rest);
                left_out = true;
            }
            end = at;
        }
        if (chunk == 1 && !left_out) break;
        chunk = chunk == 1 ? 1 : (chunk + 1) / 2;
    }
    return events;
}

}  // namespace bucky::test
