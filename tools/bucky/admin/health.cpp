// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/health.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "storage/holds.h"
#include "tools/bucky/admin/unowned_lanes.h"

namespace bucky {
namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;

std::string how_to_send_again(const storage::Lane& lane) {
    if (!has_destination(lane.kind)) return "`bucky queue retry` runs them again";
    return fmt::format("`bucky queue retry --destination {}` sends them again", lane.destination);
}

/// A destination that is down for less is at its restart.
constexpr std::int64_t kWorryAfterMs = 15 * 60 * 1000;

/// Nothing while it is held: a person wanted that.
std::string words_of_destination(const storage::Backlog& lane, std::int64_t now_ms, bool is_held) {
    const auto waits_ms = lane.oldest_waiting_ms == 0 ? 0 : now_ms - lane.oldest_waiting_ms;
    if (is_held || lane.failing == 0 || waits_ms <= kWorryAfterMs) return {};
    return fmt::format("{}: fails, its oldest result waits for {} min; last words: {}",
                       name_of(lane.lane), waits_ms / 60'000, lane.last_error);
}

/// A destination that is down has its own back-off and message; images and reports must not wait
/// unnoticed.
std::string words_of_failing(const storage::Backlog& lane) {
    const auto many = lane.failing == storage::kFailingCounted ? "or more " : "";
    const bool is_image = lane.lane.kind == storage::LaneKind::infer;
    const auto what = is_image ? "images cannot be analysed" : "reports cannot be made";
    return fmt::format("{}: {} {}{} for now and are tried again; last words: {}",
                       name_of(lane.lane), lane.failing, many, what, lane.last_error);
}

}  // namespace

Health look(const conf::Settings& settings, const Clock& clock, storage::Database& db) {
    Health health;
    try {
        const auto space = std::filesystem::space(settings.node.data_dir);
        health.free_bytes = space.available;
        health.disk_bytes = space.capacity;
        const auto least = static_cast<std::uint64_t>(settings.storage.min_free_mb) * kMegabyte;
        if (health.free_bytes < least) {
            health.not_ready.push_back(fmt::format("{} MB free, storage.min_free_mb is {}",
                                                   health.free_bytes / kMegabyte,
                                                   settings.storage.min_free_mb));
        }
        health.lanes = storage::JobQueue{db, clock}.backlog();
    } catch (const std::exception& error) {  // the fault is a sentence of the report
        health.not_ready.emplace_back(error.what());
    }
    health.database = db.troubles();
    std::ranges::copy(health.database, std::back_inserter(health.not_ready));
    health.troubles = health.not_ready;
    const auto held = storage::Holds{settings.node.data_dir}.all();
    for (const auto& [name, since_ms] : held) {
        health.held.push_back(name);
        health.notes.push_back(
            fmt::format("destination {} is held since {}: `bucky queue release --destination {}`",
                        name, iso_utc(since_ms).substr(0, 16), name));
    }
    for (const auto& lane : health.lanes) {
        auto fails =
            has_destination(lane.lane.kind)
                ? words_of_destination(lane, clock.now_ms(), held.contains(lane.lane.destination))
                : std::string{};
        if (!fails.empty()) health.troubles.push_back(std::move(fails));
        const bool is_ours = !has_destination(lane.lane.kind);
        if (is_ours && lane.failing > 0) health.troubles.push_back(words_of_failing(lane));
        if (auto trouble = unowned_trouble(settings, lane); !trouble.empty()) {
            health.unowned.push_back(lane.lane);
            health.troubles.push_back(std::move(trouble));
            continue;
        }
        if (lane.parked == 0) continue;
        health.troubles.push_back(fmt::format("{}: {} parked, {}; last words: {}",
                                              name_of(lane.lane), lane.parked,
                                              how_to_send_again(lane.lane), lane.last_error));
    }
    return health;
}

std::vector<std::string> aside_troubles(const storage::Aside& aside) {
    const auto images = aside.held().images;
    if (images == 0) return {};
    return {fmt::format(
        "{} received image{} without a row could not be read and lie{} in {}, deleted after "
        "storage.keep_days: the log's reingest.aside says why; send {} again from where {} came",
        images, images == 1 ? "" : "s", images == 1 ? "s" : "", aside.root().string(),
        images == 1 ? "it" : "them", images == 1 ? "it" : "they")};
}

}  // namespace bucky
