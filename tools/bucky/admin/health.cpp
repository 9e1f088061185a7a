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

/// Of a destination whose oldest result has waited for too long.
std::string words_of_destination(const storage::Backlog& lane, std::int64_t waits_ms) {
    return fmt::format("{}: fails, its oldest result waits for {} min", name_of(lane.lane),
                       waits_ms / 60'000);
}

/// A destination that is down has its own back-off and message; images and reports must not wait
/// unnoticed.
std::string words_of_failing(const storage::Backlog& lane) {
    const auto many = lane.failing == storage::kFailingCounted ? "or more " : "";
    const bool is_image = lane.lane.kind == storage::LaneKind::infer;
    const auto what = is_image ? "images cannot be analysed" : "reports cannot be made";
    return fmt::format("{}: {} {}{} for now and are tried again", name_of(lane.lane), lane.failing,
                       many, what);
}

/// A destination that is held is one that a person wanted to wait.
void look_at_lane(Health& health, const conf::Settings& settings, const storage::Backlog& lane,
                  std::int64_t now_ms) {
    const auto name = name_of(lane.lane);
    const auto add = [&](Concern concern, std::string words, const std::string& said) {
        health.troubles.push_back({concern, name, std::move(words), said});
    };
    if (!has_destination(lane.lane.kind)) {
        if (lane.failing > 0) add(Concern::tries_again, words_of_failing(lane), lane.last_error);
    } else if (std::ranges::count(health.held, lane.lane.destination) == 0 && lane.failing > 0) {
        const auto waits_ms = lane.oldest_waiting_ms == 0 ? 0 : now_ms - lane.oldest_waiting_ms;
        if (waits_ms > settings.status.worry_after_s * 1000) {
            add(Concern::destination, words_of_destination(lane, waits_ms), lane.last_error);
        }
    }
    if (auto trouble = unowned_trouble(settings, lane); !trouble.empty()) {
        health.unowned.push_back(lane.lane);
        add(Concern::unowned, std::move(trouble), {});
    } else if (lane.parked > 0) {
        add(Concern::parked,
            fmt::format("{}: {} parked, {}", name, lane.parked, how_to_send_again(lane.lane)),
            lane.last_error);
    }
}

}  // namespace

Health look(const conf::Settings& settings, const Clock& clock, storage::Database& db) {
    Health health;
    const auto not_ready = [&](Concern concern, std::string words) {
        health.not_ready.push_back(words);
        health.troubles.push_back({concern, {}, std::move(words)});
    };
    try {
        const auto space = std::filesystem::space(settings.node.data_dir);
        health.free_bytes = space.available;
        health.disk_bytes = space.capacity;
        const auto least = static_cast<std::uint64_t>(settings.storage.min_free_mb) * kMegabyte;
        if (health.free_bytes < least) {
            not_ready(Concern::disk,
                      fmt::format("{} MB free, storage.min_free_mb is {}",
                                  health.free_bytes / kMegabyte, settings.storage.min_free_mb));
        }
        health.lanes = storage::JobQueue{db, clock}.backlog();
    } catch (const std::exception& error) {  // the fault is a sentence of the report
        not_ready(Concern::database, error.what());
    }
    health.database = db.troubles();
    for (const auto& words : health.database) not_ready(Concern::database, words);
    for (const auto& [name, since_ms] : storage::Holds{settings.node.data_dir}.all()) {
        health.held.push_back(name);
        health.notes.push_back(
            fmt::format("destination {} is held since {}: `bucky queue release --destination {}`",
                        name, iso_utc(since_ms).substr(0, 16), name));
    }
    for (const auto& lane : health.lanes) look_at_lane(health, settings, lane, clock.now_ms());
    return health;
}

void add_new(std::vector<Trouble>& troubles, const std::vector<Trouble>& more) {
    const auto before = troubles;
    std::ranges::copy_if(more, std::back_inserter(troubles), [&](const Trouble& one) {
        return std::ranges::none_of(before, [&](const auto& had) { return is_same(had, one); });
    });
}

std::vector<Trouble> aside_troubles(const storage::Aside& aside) {
    const auto images = aside.held().images;
    if (images == 0) return {};
    return {
        {Concern::aside,
         {},
         fmt::format(
             "{} received image{} without a row could not be read and lie{} in {}, deleted after "
             "storage.keep_days: the log's reingest.aside says why; send {} again from where {} "
             "came",
             images, images == 1 ? "" : "s", images == 1 ? "s" : "", aside.root().string(),
             images == 1 ? "it" : "them", images == 1 ? "it" : "they")}};
}

}  // namespace bucky
