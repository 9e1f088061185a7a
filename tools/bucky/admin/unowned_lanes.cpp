// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/unowned_lanes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "storage/site.h"

namespace bucky {
namespace {

const conf::DestinationSettings* destination_named(const conf::Settings& settings,
                                                   std::string_view name) {
    const auto& all = settings.destinations;
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace

bool is_owned(const conf::Settings& settings, const storage::Lane& lane) {
    if (!has_destination(lane.kind)) return true;
    const auto* destination = destination_named(settings, lane.destination);
    return destination != nullptr &&
           (lane.kind == storage::LaneKind::deliver || destination->commitment);
}

std::string unowned_trouble(const conf::Settings& settings, const storage::Backlog& lane) {
    const auto open = lane.ready + lane.running + lane.parked;
    if (open == 0 || is_owned(settings, lane.lane)) return {};
    const auto& name = lane.lane.destination;
    if (lane.lane.kind == storage::LaneKind::deliver) {
        return fmt::format(
            "{}: {} results wait for a destination that no [[destination]] names: `bucky queue "
            "move --destination {} --to NAME` or `bucky queue drop --destination {}`",
            name_of(lane.lane), open, name, name);
    }
    const bool is_there = destination_named(settings, name) != nullptr;
    return fmt::format(
        "{}: {} studies wait for storage commitment, and {}: `bucky queue drop --destination {}`",
        name_of(lane.lane), open,
        is_there ? "commitment of that destination is false" : "no [[destination]] has that name",
        name);
}

std::vector<std::string> unowned_troubles(const conf::Settings& settings) {
    std::vector<std::string> all;
    const storage::Site site{settings.node.data_dir};
    if (!site.has_database()) return all;
    try {
        const SystemClock clock;
        storage::Database db = site.open(storage::Database::Mode::read_only);
        for (const auto& lane : storage::JobQueue{db, clock}.backlog()) {
            auto trouble = unowned_trouble(settings, lane);
            if (!trouble.empty()) all.push_back(std::move(trouble));
        }
    } catch (const Error&) {  // a check of the config by another user, or before the first start
        all.clear();
    }
    return all;
}

}  // namespace bucky
